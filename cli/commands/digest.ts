/** `doppel digest`: the digest of any disk, to compare with that of an image. No store is needed. */
import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { printableLine } from '../printable.js';
import type { Session, StartSession } from '../session.js';
import { standardInput } from '../standard-input.js';
import { STANDARD_STREAM } from '../standard-streams.js';

interface Options {
  readonly sha256?: true;
}

export function define(command: Command, start: StartSession): void {
  command
    .description(
      'Compute the digest that "doppel show" gives for an image with the same bytes. Needs no store.',
    )
    .argument('<disk>', 'raw image file, block device, or - for standard input')
    .option('--sha256', 'compute a plain SHA-256 besides')
    .addHelpText(
      'after',
      '\nPrints "digest  size  path", and with --sha256 a second line "sha256  size  path".',
    )
    .action((path: string, options: Options) => start((session) => digestDisk(session, path, options)));
}

async function digestDisk(session: Session, path: string, options: Options): Promise<ExitCode> {
  const { digest } = await session.library();
  const result = await digest(path === STANDARD_STREAM ? standardInput() : path, {
    ...(await session.operation()),
    ...session.parallelism(),
    ...options,
  });
  const hashes = [result.digest, ...(result.sha256 === undefined ? [] : [result.sha256])];
  await session.print(result, () =>
    hashes.map((hash) => `${hash}  ${result.size}  ${printableLine(path)}\n`).join(''),
  );
  return EXIT.done;
}
