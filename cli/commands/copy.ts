/** `doppel copy`: images go to another store. */
import type { Command } from 'commander';
import type { CopiedImage, CopyResult, Image } from '../../src/index.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { findingLines } from '../findings-text.js';
import { countOf, formatBytes, formatWork } from '../format.js';
import { imageTitle } from '../image-text.js';
import { UsageError } from '../report-error.js';
import type { Session, StartSession } from '../session.js';

interface Options {
  readonly to: string;
  readonly all?: true;
  readonly dryRun?: true;
  readonly toKeyFile?: string;
  readonly toPassphraseFile?: string;
  readonly toPassphraseCommand?: string;
}

export function define(command: Command, start: StartSession): void {
  command
    .description(
      'Copy images to another store. They keep their ids, times, labels and the tag of their capture; what that store has is not copied again.',
    )
    .argument('[ref...]', 'the images to copy')
    .requiredOption('--to <store>', 'the other store')
    .option('--all', 'copy every image of the store')
    .option('--dry-run', 'say how much would be new there, write nothing')
    .option('--to-key-file <file>', 'key file that opens the other store, where it has keys')
    .option('--to-passphrase-file <file>', 'file or pipe whose first line is its passphrase')
    .option('--to-passphrase-command <command>', 'shell command that prints its passphrase')
    .addHelpText(
      'after',
      `
Examples:
  doppel copy web:stable --to /mnt/other-store
  doppel copy --all --to /mnt/other-store --dry-run
  doppel copy web~1 web --to /mnt/vault --to-passphrase-file vault.pass

Where both stores have the same parameters and no keys, or the same keys, stored bytes go over as they are, else images are
cut anew. Either way all of it is checked, and what comes out has the same digest. The other store's passphrase may also
stand in DOPPEL_TO_PASSPHRASE. Copy older versions of a name first: each copy is the newest of its name there.
An image that is damaged here is listed and not copied (exit code 7); the others are. Ctrl-C stops cleanly: what was stored is
kept, and the next copy is quick.`,
    )
    .action((references: string[], options: Options) =>
      start((session) => copy(session, references, options)),
    );
}

async function copy(session: Session, references: readonly string[], options: Options): Promise<ExitCode> {
  const { to, all = false, dryRun = false } = options;
  const { toKeyFile, toPassphraseFile, toPassphraseCommand } = options;
  if (all && references.length > 0) throw new UsageError('--all goes without references');
  if (!all && references.length === 0) throw new UsageError('Name the images to copy, or say --all');
  const openTarget = session.openingOfTarget({
    ...(toKeyFile !== undefined && { keyFile: toKeyFile }),
    ...(toPassphraseFile !== undefined && { passphraseFile: toPassphraseFile }),
    ...(toPassphraseCommand !== undefined && { passphraseCommand: toPassphraseCommand }),
  });
  const store = await session.openStore();
  const result = await store.copy(references, to, { ...(await session.operation()), dryRun, openTarget });
  await session.print(result, () => describe(result));
  return result.problems.length > 0 ? EXIT.damage : EXIT.done;
}

function describe(result: CopyResult): string {
  const { copied, alreadyThere, problems, newBytes, storedBytes, target, dryRun, seconds } = result;
  const size = copied.reduce((sum, { image }) => sum + image.size, 0);
  const sums = `${formatBytes(newBytes)} new${dryRun ? '' : `, stored as ${formatBytes(storedBytes)}`}`;
  const images = countOf(copied.length, 'image');
  const lines = [
    ...copied.map((one) => copiedLine(one, dryRun)),
    ...alreadyThere.map(thereLine),
    ...findingLines({ problems, hints: [] }),
    dryRun
      ? `Dry run, nothing was written: ${images} of ${formatBytes(size)} would be copied to ${target}, ${sums}`
      : `Copied ${images} to ${target}: ${formatWork(size, seconds)}, ${sums}`,
  ];
  return `${lines.join('\n')}\n`;
}

function copiedLine({ image, how, newBytes, storedBytes }: CopiedImage, dryRun: boolean): string {
  const sums = dryRun
    ? `${formatBytes(newBytes)} would be new`
    : `${formatBytes(newBytes)} new, stored as ${formatBytes(storedBytes)}`;
  return `${imageTitle(image)}: ${formatBytes(image.size)}, ${sums}${how === 'cut-anew' ? ', cut anew' : ''}`;
}

function thereLine(image: Image): string {
  return `${imageTitle(image)}: already there${image.removed ? ', where it was removed: "doppel undelete" brings it back' : ''}`;
}
