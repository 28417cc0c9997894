/** `doppel prune`: marks images removed that a retention policy no longer keeps. */
import type { Command } from 'commander';
import type { JudgedImage, PruneResult } from '../../src/index.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { countOf, formatTime, shortId } from '../format.js';
import { addKeepOptions, KEEP_RULES_HELP, type KeepOptions, policyFrom } from '../retention-options.js';
import type { Session, StartSession } from '../session.js';
import { renderTable } from '../table.js';

interface Options extends KeepOptions {
  readonly dryRun?: true;
}

/** What the table's minutes show as different. */
const MINUTE_MS = 60_000;

export function define(command: Command, start: StartSession): void {
  addKeepOptions(
    command
      .description(
        'Remove images that no rule keeps, name by name. Without --keep options the policies of the store say what stays. ' +
          'Until "doppel gc", "doppel undelete" brings each image back.',
      )
      .argument('[pattern...]', 'names, or patterns such as "web*" (default: all names)')
      .option('--dry-run', 'say what would be removed and what stays by which rule, change nothing'),
  )
    .addHelpText(
      'after',
      `${KEEP_RULES_HELP}
"by" before a time means then or earlier.

Examples:
  doppel prune --dry-run
  doppel prune web --keep-last 3 --keep-daily 7 --keep-monthly 12
  doppel prune 'db-*' --keep-within 30d --keep-tag golden --keep-label hold=yes
  doppel policy set '*' --keep-daily 7 --keep-weekly 5 && doppel prune && doppel gc`,
    )
    .action((patterns: readonly string[], options: Options) =>
      start((session) => prune(session, patterns, options)),
    );
}

async function prune(session: Session, names: readonly string[], options: Options): Promise<ExitCode> {
  const policy = policyFrom(options);
  const store = await session.openStore();
  const { signal } = await session.operation();
  const result = await store.prune({
    names,
    signal,
    ...(policy !== undefined && { policy }),
    ...(options.dryRun && { dryRun: true }),
  });
  await session.print(result, () => describe(result));
  return EXIT.done;
}

async function describe(result: PruneResult): Promise<string> {
  const { images, keptImages, removedImages, withoutPolicy, dryRun } = result;
  // Images are judged writer by writer: whose they are explains what stays.
  const isByWriter = images.some(({ image }) => image.signedBy?.access === 'write');
  const writer = isByWriter ? [{ title: 'WRITER' }] : [];
  const columns = [{ title: 'NAME' }, { title: 'ID' }, ...writer, { title: 'CREATED' }, { title: 'KEPT BY' }];
  const rows = images.map((image) => row(image, isByWriter));
  const table = images.length === 0 ? '' : `${await renderTable(columns, rows)}\n`;
  const removed = countOf(removedImages, 'image');
  const sentence = dryRun
    ? `Dry run, nothing was changed: ${removed} would be removed, ${keptImages} would stay`
    : `Removed ${removed}, kept ${keptImages}${removedImages > 0 ? '; "doppel undelete" brings each back, until "doppel gc"' : ''}`;
  const alone = withoutPolicy.length > 0 ? `No policy, left alone: ${withoutPolicy.join(', ')}\n` : '';
  return `${table}${sentence}\n${alone}`;
}

function row(
  { image, kept, rules, effective, trusted }: JudgedImage,
  isByWriter: boolean,
): readonly string[] {
  const verdict = kept ? rules.join(', ') : 'removed';
  const said = image.created.getTime();
  const differs = !trusted || Math.abs(effective.getTime() - said) >= MINUTE_MS;
  const clock = Number.isNaN(said) ? 'no date at all' : formatTime(image.created);
  return [
    image.name,
    shortId(image.id),
    ...(isByWriter ? [image.signedBy?.writer ?? ''] : []),
    `${trusted ? '' : 'by '}${formatTime(effective)}`,
    differs ? `${verdict} (its clock said ${clock})` : verdict,
  ];
}
