/** `doppel capture`: a disk becomes a new image. */
import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import type { CaptureOptions, CaptureResult, Extent } from '../../src/index.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { countOf, formatBytes, formatWork } from '../format.js';
import { imageTitle, rangeLines } from '../image-text.js';
import { collectLabel, integerBetween, type Labels, splitNameAndTag } from '../option-values.js';
import { UsageError } from '../report-error.js';
import type { Session, StartSession } from '../session.js';
import { standardInput } from '../standard-input.js';
import { STANDARD_STREAM } from '../standard-streams.js';
import { renderFields } from '../table.js';

interface Options {
  readonly label?: Labels;
  readonly description?: string;
  readonly sha256?: true;
  readonly onReadError: 'fail' | 'zero';
  readonly dryRun?: true;
  readonly level?: number;
  readonly before?: string;
  readonly after?: string;
  readonly sourceName?: string;
  readonly changedRanges?: string;
  /** commander: true when neither option was given. */
  readonly parent: string | boolean;
}

export function define(command: Command, start: StartSession): void {
  command
    .description(
      'Store a disk as a new image of NAME. Content that the store already has is not stored again.',
    )
    .argument('<source>', 'block device, raw image file, or - for standard input')
    .argument('<name[:tag]>', 'name of the image, and a tag to point to it')
    .option('--label <key=value>', 'label of the image; may be repeated', collectLabel)
    .option('--description <text>', 'a remark to keep with the image')
    .option('--sha256', 'record a plain SHA-256 besides the digest')
    .addOption(
      new Option('--on-read-error <how>', 'zero: go on past bad sectors, record them as zeros, exit with 11')
        .choices(['fail', 'zero'])
        .default('fail'),
    )
    .option('--dry-run', 'say how much would be new, store nothing')
    .option('--level <n>', 'zstd level, 1 to 19 (default: setting of the store)', integerBetween(1, 19))
    .option('--before <command>', 'shell command to run before reading, such as fsfreeze')
    .option('--after <command>', 'shell command to run after reading, also when reading failed')
    .option('--parent <ref>', 'image that the disk is a later version of (default: found by itself)')
    .option('--no-parent', 'cut and look up everything; the image is the same, it only takes longer')
    .option(
      '--changed-ranges <file>',
      'JSON list of {"offset", "length"} in bytes that changed since --parent, such as of rbd diff: only these are read',
    )
    .option('--source-name <path>', 'what to record as the source of standard input')
    .addHelpText(
      'after',
      `
Examples:
  doppel capture /dev/sda web:stable --label site=berlin
  doppel capture disk.img web --dry-run
  doppel capture /dev/rbd0 web --parent web --changed-ranges diff.json
  doppel capture /dev/vg0/root web --before 'fsfreeze -f /srv' --after 'fsfreeze -u /srv'
  ssh web 'cat /dev/sda' | doppel capture - web --source-name web:/dev/sda

Ctrl-C stops cleanly: what was stored is kept, and the next capture of the disk is quick.`,
    )
    .action((source: string, name: string, options: Options) =>
      start((session) => capture(session, source, name, options)),
    );
}

async function capture(
  session: Session,
  source: string,
  nameAndTag: string,
  options: Options,
): Promise<ExitCode> {
  const input = chooseInput(source, options);
  const { name, ...tag } = splitNameAndTag(nameAndTag);
  const { label, parent, changedRanges, ...rest } = options;
  const store = await session.openStore();
  const captureOptions: CaptureOptions = {
    ...(await session.operation(options.after === undefined ? 'short' : 'endless')),
    ...rest,
    ...tag,
    ...(label === undefined ? {} : { labels: label }),
    ...(parent === true ? {} : { parent }),
    ...(changedRanges === undefined ? {} : { changedRanges: await readRanges(session, changedRanges) }),
  };
  const result = await store.capture(input, name, captureOptions);
  await session.print(result, () => describe(result, nameAndTag));
  return result.badRanges.length > 0 ? EXIT.readErrors : EXIT.done;
}

async function readRanges(session: Session, path: string): Promise<readonly Extent[]> {
  const { parseChangedRanges } = await session.library();
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`Cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return parseChangedRanges(text);
}

function chooseInput(source: string, options: Options): string | AsyncIterable<Uint8Array> {
  if (source !== STANDARD_STREAM) {
    if (options.sourceName !== undefined)
      throw new UsageError('--source-name goes with standard input (-) only');
    return source;
  }
  return standardInput();
}

function describe(result: CaptureResult, nameAndTag: string): string {
  const { image, size, newBytes, newChunks, storedBytes, sharedBytes, zeroBytes, badRanges } = result;
  const title =
    image === undefined ? `Dry run: ${nameAndTag} was not captured` : `Captured ${imageTitle(image)}`;
  const stored = image === undefined ? '' : `, stored as ${formatBytes(storedBytes)}`;
  return (
    `${title}\n` +
    renderFields([
      ['size', formatWork(size, result.seconds)],
      ['new', `${formatBytes(newBytes)} in ${countOf(newChunks, 'chunk')}${stored}`],
      ['shared', formatBytes(sharedBytes)],
      ['zero', formatBytes(zeroBytes)],
      ['digest', result.digest],
      ['sha256', result.sha256],
    ]) +
    rangeLines('could not be read and stand as zeros', badRanges)
  );
}
