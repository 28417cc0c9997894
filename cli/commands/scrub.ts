/** `doppel scrub`: is every byte of the store what it was? And with --repair: mend what can be mended. */
import { type Command, Option } from 'commander';
import type { RepairSummary, ScrubDepth, ScrubOptions, ScrubResult } from '../../src/index.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { exitCodeOf, findingLines, foundText } from '../findings-text.js';
import { countOf, formatBytes, formatWork } from '../format.js';
import { parseDuration, parseFraction, parseSize } from '../option-values.js';
import { UsageError } from '../report-error.js';
import type { Session, StartSession } from '../session.js';
import { renderFields } from '../table.js';

interface Options {
  readonly fraction?: number;
  readonly olderThan?: number;
  readonly resume?: true;
  readonly limitRate?: number;
  readonly depth?: ScrubDepth;
  readonly repair?: true;
  readonly from?: string;
  readonly dryRun?: true;
}

export function define(command: Command, start: StartSession): void {
  command
    .description(
      'Read the store and check every byte of it. Exit codes: 0 nothing found, 12 hints (odd, but safe), 7 damage.',
    )
    .option(
      '--fraction <part>',
      'read only this part of the packs, such as 10% or 1/7: those checked longest ago',
      parseFraction,
    )
    .option('--older-than <duration>', 'read only packs not checked for so long: 24h, 30d', parseDuration)
    .option('--resume', 'go on with the scrub that was stopped')
    .option('--limit-rate <size>', 'read at most so much per second, such as 50M', parseSize)
    .addOption(
      new Option(
        '--depth <how>',
        'stored: compare files with their checksums; decoded: besides, decompress and hash each pack once in its life; redecoded: every time',
      )
        .choices(['stored', 'decoded', 'redecoded'])
        .default('decoded'),
    )
    .option('--repair', 'mend what can be mended, give up what cannot; deletes nothing: gc does')
    .option('--from <store>', 'with --repair: take what is lost from this store')
    .option('--dry-run', 'say what would be read, read nothing')
    .addHelpText(
      'after',
      `
Examples:
  doppel scrub
  doppel scrub --fraction 1/7 --limit-rate 50M
  doppel scrub --repair --from /mnt/other-store

Packs that are sound are noted, so that --fraction, --older-than and --resume go through the store in turn. --repair copies
what damaged packs still hold, and what the other store has, to new packs; what nobody has is listed by image and range, and
a later capture of the same content heals it. A manifest that nobody has is given up, and its image with it.
With --repair the exit code tells what is left. Ctrl-C is safe at any moment.`,
    )
    .action((options: Options) => start((session) => scrub(session, options)));
}

async function scrub(session: Session, options: Options): Promise<ExitCode> {
  if (options.from !== undefined && !options.repair) throw new UsageError('--from goes with --repair');
  if (options.dryRun && options.repair) throw new UsageError('--dry-run does not go with --repair');
  const store = await session.openStore();
  const { olderThan, limitRate, ...others } = options;
  const wanted: ScrubOptions = {
    ...(await session.operation()),
    ...others,
    ...(olderThan !== undefined && { olderThanMs: olderThan }),
    ...(limitRate !== undefined && { bytesPerSecond: limitRate }),
  };
  const result = await store.scrub(wanted);
  await session.print(result, () => describe(result, options.dryRun === true));
  return options.dryRun ? EXIT.done : exitCodeOf(result);
}

function describe(result: ScrubResult, isDryRun: boolean): string {
  const { checkedPacks, checkedBytes, checkedEntries, checkedObjects, packs, packBytes, seconds } = result;
  const share = `${checkedPacks} of ${countOf(packs, 'pack')}`;
  if (isDryRun) {
    return `Dry run, nothing was read: ${share} would be, ${formatBytes(checkedBytes)} of ${formatBytes(packBytes)}\n`;
  }
  const fields = renderFields([
    ['store', `${countOf(packs, 'pack')}, ${formatBytes(packBytes)}`],
    ['entries', checkedEntries > 0 ? `${checkedEntries} decoded and hashed` : undefined],
    ['objects', `${countOf(checkedObjects, 'manifest and record', 'manifests and records')} read`],
    ...(result.repair === undefined ? [] : repairFields(result.repair)),
  ]);
  const findings = findingLines(result).map((line) => `${line}\n`);
  return `${findings.join('')}Checked ${share}, ${formatWork(checkedBytes, seconds)}: ${foundText(result)}\n${fields}`;
}

function repairFields(repair: RepairSummary): [string, string | undefined][] {
  const { salvagedEntries, fetchedEntries, lostEntries, writtenBytes, emptiedPacks } = repair;
  const { replacedObjects, givenUpImages } = repair;
  const unlessNone = (count: number, text: string) => (count === 0 ? undefined : text);
  return [
    [
      'salvaged',
      unlessNone(salvagedEntries, `${countOf(salvagedEntries, 'entry', 'entries')} of damaged packs`),
    ],
    [
      'fetched',
      unlessNone(fetchedEntries, `${countOf(fetchedEntries, 'entry', 'entries')} from the other store`),
    ],
    ['lost', unlessNone(lostEntries, `${countOf(lostEntries, 'entry', 'entries')} that nobody has`)],
    ['written', unlessNone(writtenBytes, formatBytes(writtenBytes))],
    ['set aside', unlessNone(emptiedPacks, `${countOf(emptiedPacks, 'pack')}: gc deletes them`)],
    ['given up', unlessNone(givenUpImages.length, countOf(givenUpImages.length, 'image'))],
    ['written anew', unlessNone(replacedObjects.length, replacedObjects.join(', '))],
  ];
}
