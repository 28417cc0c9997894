/** `doppel maintain`: prune, gc and a slice of scrub in one go, for a timer. */
import { type Command, Option } from 'commander';
import type { MaintainOptions, MaintainResult, MaintainStep } from '../../src/index.js';
import { EXIT, EXIT_CODES, type ExitCode, isStoreErrorCode } from '../exit-codes.js';
import { exitCodeOf, findingLines } from '../findings-text.js';
import { countOf, formatBytes, formatDuration } from '../format.js';
import { maintenanceMetrics, storeMetrics, writeMetrics } from '../metrics.js';
import { parseDuration, parseFraction, parseSize, parseSizeOrZero } from '../option-values.js';
import { printableLine } from '../printable.js';
import type { Session, StartSession } from '../session.js';
import { renderFields } from '../table.js';

interface Options {
  readonly scrubFraction?: number;
  readonly scrubOlderThan?: number;
  readonly limitRate?: number;
  readonly maxRepack?: number;
  readonly wait?: number;
  readonly metrics?: string;
  readonly dryRun?: true;
}

export function define(command: Command, start: StartSession): void {
  command
    .description(
      'Look after the store: prune by its policies, gc, scrub a slice. Made for a timer; captures and restores go on meanwhile.',
    )
    .option(
      '--scrub-fraction <part>',
      'how much of the store to scrub: 1/30 (the default), 10%, 1; those packs first that were checked longest ago',
      parseFraction,
    )
    .option(
      '--scrub-older-than <duration>',
      'scrub what was not checked for so long, such as 30d',
      parseDuration,
    )
    .option('--limit-rate <size>', 'scrub at most so much per second, such as 50M', parseSize)
    .option(
      '--max-repack <size>',
      'let gc rewrite at most so much of packs that are needed in part',
      parseSizeOrZero,
    )
    .option(
      '--wait <duration>',
      'let gc wait so long for work that began earlier (default: 10m)',
      parseDuration,
    )
    .addOption(
      new Option(
        '--metrics <file>',
        'write metrics for the textfile collector of node_exporter to this file',
      ),
    )
    .option('--dry-run', 'say what would be done, change nothing')
    .addHelpText(
      'after',
      `
Examples:
  doppel maintain --dry-run
  doppel maintain --limit-rate 100M --metrics /var/lib/prometheus/node-exporter/doppel.prom

A step that cannot be done keeps no other from being done; the exit code tells of the worst: 7 damage, 12 hints alone, else
that of the step that failed. Nothing is repaired by itself: see "doppel scrub --repair". Stopped at any moment, the next
run goes on.`,
    )
    .action((options: Options) => start((session) => maintain(session, options)));
}

async function maintain(session: Session, options: Options): Promise<ExitCode> {
  const { scrubFraction, scrubOlderThan, limitRate, maxRepack, wait, metrics, dryRun } = options;
  const store = await session.openStore();
  const wanted: MaintainOptions = {
    ...(await session.operation()),
    ...(dryRun && { dryRun }),
    gc: {
      ...(maxRepack !== undefined && { maxRepackBytes: maxRepack }),
      ...(wait !== undefined && { waitMs: wait }),
    },
    scrub: {
      ...(scrubFraction !== undefined && { fraction: scrubFraction }),
      ...(scrubOlderThan !== undefined && { olderThanMs: scrubOlderThan }),
      ...(limitRate !== undefined && { bytesPerSecond: limitRate }),
    },
  };
  const result = await store.maintain(wanted);
  if (metrics !== undefined && !dryRun) {
    const report = await store.doctor();
    const own = maintenanceMetrics(report.store.location, result, new Date());
    await writeMetrics(metrics, [...storeMetrics(report), ...own]);
  }
  await session.print(result, () => describe(result, dryRun === true));
  return worstOf(result);
}

function worstOf({ steps, scrub }: MaintainResult): ExitCode {
  const codes = steps.map(({ error }) =>
    error !== undefined && isStoreErrorCode(error.code) ? EXIT_CODES[error.code] : EXIT.done,
  );
  const found = scrub === undefined ? EXIT.done : exitCodeOf(scrub);
  if (found === EXIT.damage || codes.includes(EXIT.damage)) return EXIT.damage;
  return codes.find((code) => code !== EXIT.done) ?? found;
}

function describe({ steps, prune, gc, scrub, seconds }: MaintainResult, isDryRun: boolean): string {
  const failureOf = (step: MaintainStep['step']) => {
    const error = steps.find((each) => each.step === step)?.error;
    return error && `FAILED: ${printableLine(error.message)}`;
  };
  const findings = scrub === undefined ? [] : findingLines(scrub);
  const fields = renderFields([
    [
      'prune',
      prune
        ? `${countOf(prune.removedImages, 'image')} removed, ${prune.keptImages} kept`
        : (failureOf('prune') ?? 'nothing to do: no policies are set ("doppel policy set")'),
    ],
    [
      'gc',
      gc
        ? `${formatBytes(Math.max(0, gc.freedBytes))} freed, ${countOf(gc.waitingPacks, 'pack')} waiting`
        : failureOf('gc'),
    ],
    [
      'scrub',
      scrub
        ? `${scrub.checkedPacks} of ${countOf(scrub.packs, 'pack')} checked, ${formatBytes(scrub.checkedBytes)}: ${countOf(scrub.problems.length, 'problem')}, ${countOf(scrub.hints.length, 'hint')}`
        : failureOf('scrub'),
    ],
  ]);
  const title = isDryRun ? 'Dry run, nothing was changed' : `Maintained in ${formatDuration(seconds)}`;
  return `${findings.map((line) => `${line}\n`).join('')}${title}\n${fields}`;
}
