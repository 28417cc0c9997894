/** `doppel diff`: what two images share, and where they differ. */
import type { Command } from 'commander';
import type { DiffResult, PartitionDifference } from '../../src/index.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { countOf, formatBytes, formatShare } from '../format.js';
import { imageTitle } from '../image-text.js';
import type { Session, StartSession } from '../session.js';
import { renderFields, renderTable } from '../table.js';

export function define(command: Command, start: StartSession): void {
  command
    .description('Compare two images: what they share as content, and where they differ, by partition.')
    .argument('<ref>', 'the one image')
    .argument('<other-ref>', 'the other')
    .addHelpText(
      'after',
      '\nThe ranges that differ are listed by --json.\n\nExample:\n  doppel diff web~1 web',
    )
    .action((a: string, b: string) => start((session) => compare(session, a, b)));
}

async function compare(session: Session, a: string, b: string): Promise<ExitCode> {
  const store = await session.openStore();
  const result = await store.diff(a, b, await session.operation());
  await session.print(result, () => describe(result));
  return EXIT.done;
}

async function describe(result: DiffResult): Promise<string> {
  const { a, b, sharedBytes, onlyABytes, onlyBBytes, sameBytes, differentBytes } = result;
  const [titleA, titleB] = [imageTitle(a), imageTitle(b)];
  const placed = sameBytes + differentBytes;
  const sums = renderFields([
    ['content in both', formatBytes(sharedBytes)],
    [`only in ${titleA}`, formatBytes(onlyABytes)],
    [`only in ${titleB}`, formatBytes(onlyBBytes)],
    ['equal in place', `${formatBytes(sameBytes)} (${formatShare(sameBytes, placed)})`],
    ['different in place', formatBytes(differentBytes)],
  ]);
  const differing = result.partitions.filter((part) => part.differentBytes > 0);
  const hasTable = a.layout.table !== 'none' || b.layout.table !== 'none';
  const elsewhere = hasTable ? 'outside' : 'whole disk';
  const table = differing.length === 0 ? 'No byte differs.\n' : await partitionTable(differing, elsewhere);
  return `${titleA} and ${titleB}\n${sums}\n${table}`;
}

function partitionTable(differences: readonly PartitionDifference[], elsewhere: string): Promise<string> {
  return renderTable(
    [
      { title: 'PARTITION' },
      { title: 'NAME' },
      { title: 'FILE SYSTEM' },
      { title: 'DIFFERENT', align: 'right' },
      { title: 'IN' },
    ],
    differences.map(({ partition, name, fileSystem, differentBytes, ranges }) => [
      partition === undefined ? elsewhere : String(partition),
      name ?? '',
      fileSystem ?? '',
      formatBytes(differentBytes),
      countOf(ranges, 'range'),
    ]),
  );
}
