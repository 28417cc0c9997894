/** `doppel verify`: do images resolve, and is every byte of them what it was? */
import type { Command } from 'commander';
import type { VerifyResult } from '../../src/index.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { exitCodeOf, findingLines, foundText } from '../findings-text.js';
import { countOf, formatWork } from '../format.js';
import { imageTitle } from '../image-text.js';
import { UsageError } from '../report-error.js';
import type { Session, StartSession } from '../session.js';

export function define(command: Command, start: StartSession): void {
  command
    .description(
      'Read and hash all that images need. Findings are listed. Exit codes: 0 nothing found, 12 hints (odd, but safe), 7 damage.',
    )
    .argument('[ref...]', 'the images to check')
    .option('--all', 'check every image of the store')
    .addHelpText('after', '\nExamples:\n  doppel verify web:stable mail\n  doppel verify --all')
    .action((references: string[], options: { readonly all?: true }) =>
      start((session) => verify(session, references, options.all === true)),
    );
}

async function verify(session: Session, references: readonly string[], all: boolean): Promise<ExitCode> {
  if (all && references.length > 0) throw new UsageError('--all goes without references');
  if (!all && references.length === 0) throw new UsageError('Name the images to check, or say --all');
  const store = await session.openStore();
  const result = await store.verify(references, await session.operation());
  await session.print(result, () => describe(result));
  return result.images.some(({ ok }) => !ok) ? EXIT.damage : exitCodeOf(result);
}

function describe(result: VerifyResult): string {
  const { images, checkedBytes, checkedChunks, seconds } = result;
  const lines = images.map(({ image, ok }) => `${ok ? 'ok     ' : 'DAMAGED'}  ${imageTitle(image)}`);
  lines.push(...findingLines(result));
  lines.push(
    `Checked ${countOf(images.length, 'image')}, ${countOf(checkedChunks, 'chunk')}, ` +
      `${formatWork(checkedBytes, seconds)}: ${foundText(result)}`,
  );
  return `${lines.join('\n')}\n`;
}
