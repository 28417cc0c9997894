/** `doppel gc`: gives back the space of removed images, beside captures and restores that go on. */
import type { Command } from 'commander';
import type { GcOptions, GcResult } from '../../src/index.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { countOf, formatBytes, formatDuration } from '../format.js';
import { parseDuration, parseSizeOrZero } from '../option-values.js';
import type { Session, StartSession } from '../session.js';
import { renderFields } from '../table.js';

interface Options {
  readonly dryRun?: true;
  readonly maxRepack?: number;
  readonly grace?: number;
  readonly wait?: number;
}

export function define(command: Command, start: StartSession): void {
  command
    .description(
      'Give back the space of removed images: they cannot be brought back afterwards. Captures and restores go on meanwhile.',
    )
    .option('--dry-run', 'say what would be done, change nothing')
    .option(
      '--max-repack <size>',
      'rewrite at most so much of packs that are needed in part, such as 500M or 2G (default: no limit)',
      parseSizeOrZero,
    )
    .option(
      '--grace <duration>',
      'keep what was removed, and packs of captures that did not end, for so long: 0, 90m, 24h, 7d ' +
        '(default: the settings removedGraceHours and packGraceHours)',
      parseDuration,
    )
    .option(
      '--wait <duration>',
      'wait so long for captures and restores that began earlier; 0 does not wait (default: 10m)',
      parseDuration,
    )
    .addHelpText(
      'after',
      `
Examples:
  doppel gc --dry-run
  doppel gc
  doppel gc --max-repack 2G --wait 0
  doppel gc --grace 7d

What somebody still works with waits for the next gc; "doppel doctor" tells who that is. Ctrl-C and even a power cut
are safe at any moment: the next gc goes on. One gc runs at a time; a second one is refused with exit code 9.`,
    )
    .action((options: Options) => start((session) => gc(session, options)));
}

async function gc(session: Session, { dryRun, maxRepack, grace, wait }: Options): Promise<ExitCode> {
  const store = await session.openStore();
  const options: GcOptions = {
    ...(await session.operation()),
    ...(dryRun && { dryRun }),
    ...(maxRepack !== undefined && { maxRepackBytes: maxRepack }),
    ...(grace !== undefined && { graceMs: grace }),
    ...(wait !== undefined && { waitMs: wait }),
  };
  const result = await store.gc(options);
  await session.print(result, () => describe(result, dryRun === true));
  return EXIT.done;
}

function describe(result: GcResult, isDryRun: boolean): string {
  const { purgedImages, keptImages, droppedPacks, repackedPacks, waitingPacks, unneededBytes } = result;
  return `${title(result, isDryRun)}\n${renderFields([
    ['store', `${countOf(result.packs, 'pack')}, ${formatBytes(result.packBytes)}, when it began`],
    ['purged', unlessNone(purgedImages, 'removed image')],
    ['kept', unlessNone(keptImages, 'removed image', ': for their grace, a pin, or somebody who reads them')],
    ['dropped', unlessNone(droppedPacks, 'pack', ': nothing needed them')],
    ['repacked', unlessNone(repackedPacks, 'pack', `, ${formatBytes(result.rewrittenBytes)} written`)],
    ['waiting', unlessNone(waitingPacks, 'pack', waitingNote(result))],
    [
      'not needed',
      unneededBytes > 0 ? `${formatBytes(unneededBytes)}, in packs that stay for the rest` : undefined,
    ],
  ])}`;
}

function title({ freedBytes, seconds }: GcResult, isDryRun: boolean): string {
  const size = formatBytes(Math.abs(freedBytes));
  if (isDryRun) {
    return `Dry run, nothing was changed: ${freedBytes > 0 ? `about ${size} would be freed` : 'nothing would be freed'}`;
  }
  const time = `in ${formatDuration(seconds)}`;
  if (freedBytes > 0) return `Freed ${size} ${time}`;
  // Rests were copied, and what they were copied from has to wait.
  return freedBytes < 0 ? `The store grew by ${size} for now, ${time}` : `Freed nothing ${time}`;
}

function waitingNote({ waitingBytes }: GcResult): string {
  const why = 'somebody who began before still works ("doppel doctor" tells who), or a warning says why';
  return `, ${formatBytes(waitingBytes)}: ${why}; the next gc goes on`;
}

function unlessNone(count: number, noun: string, remark = ''): string | undefined {
  return count === 0 ? undefined : countOf(count, noun) + remark;
}
