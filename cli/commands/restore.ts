/** `doppel restore`: an image becomes a disk, a file or a stream again. */
import { stat } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import type { RestoreOptions, RestoreResult, Store, StoreError } from '../../src/index.js';
import { askConsent, canAsk } from '../ask-consent.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { formatBytes, formatWork } from '../format.js';
import { imageTitle, rangeLines } from '../image-text.js';
import { collectPath } from '../option-values.js';
import { UsageError } from '../report-error.js';
import type { Session, StartSession } from '../session.js';
import { STANDARD_STREAM } from '../standard-streams.js';
import { renderFields } from '../table.js';

interface Options {
  readonly force?: true;
  readonly yes?: true;
  readonly inPlace?: true;
  readonly seed?: readonly string[];
  readonly verify?: true;
  readonly sync?: true;
  readonly onDamage: 'fail' | 'zero';
  readonly dryRun?: true;
}

export function define(command: Command, start: StartSession): void {
  command
    .description('Write an image to a file, a block device, or standard output.')
    .argument('<ref>', 'the image, such as web, web~1, web:stable, @3f2a')
    .argument('<target>', 'block device, file, or - for standard output')
    .option('--force', 'replace a file that exists; the old one stays until the new one is complete')
    .option('--yes', 'overwrite a block device without asking')
    .option('--in-place', 'update a file or device where it stands: write only 4 KiB blocks that differ')
    .option(
      '--seed <file>',
      'local file or device to take content from before the store; may be repeated',
      collectPath,
    )
    .option('--verify', 'read the target back and compare')
    .option('--sync', 'wait until a file is on its disk; devices always are')
    .addOption(
      new Option('--on-damage <how>', 'zero: restore what can be had, list the rest, exit with 7')
        .choices(['fail', 'zero'])
        .default('fail'),
    )
    .option('--dry-run', 'check that all is there and the target would do, write nothing')
    .addHelpText(
      'after',
      `
Examples:
  doppel restore web:stable /dev/sdb --verify
  doppel restore web~1 disk.img --force
  doppel restore web /var/lib/vm/web.img --in-place
  doppel restore web new.img --seed old.img --seed /dev/sdc
  doppel restore @3f2a - | ssh host 'dd of=/dev/sdb bs=1M'

--in-place needs no --force for a file, and --yes for a device as ever. The file gets the image's
size, and its hard links change with it. Stopped half-way, the target is part old and part new:
running the same command again completes it. With --dry-run it tells how much differs.

A seed is read in full before, so it pays where reading it is quicker than the store. What is
taken from it is checked: it may change meanwhile, and may be the target itself.

With - standard output carries the image and nothing else: what there is to say goes to
standard error, and --json is refused there.`,
    )
    .action((reference: string, target: string, options: Options) =>
      start((session) => restore(session, reference, target, options)),
    );
}

async function restore(
  session: Session,
  reference: string,
  target: string,
  options: Options,
): Promise<ExitCode> {
  const toStdout = target === STANDARD_STREAM;
  if (toStdout) checkStdout(session, options);
  if (options.seed?.includes(STANDARD_STREAM)) {
    throw new UsageError('--seed takes a file or device: standard input cannot be read twice');
  }
  const store = await session.openStore();
  const { verify, sync, onDamage, dryRun, inPlace, seed } = options;
  const restoreOptions = {
    ...(await session.operation()),
    onDamage,
    ...(verify && { verify }),
    ...(sync && { sync }),
    ...(dryRun && { dryRun }),
    ...(inPlace && { inPlace }),
    ...(seed && { seeds: seed }),
  };
  const result = toStdout
    ? await store.restore(reference, process.stdout, restoreOptions)
    : await restoreToPath(session, store, reference, target, options, restoreOptions);
  const text = describe(result, target, dryRun === true);
  if (toStdout) session.printBesideImage(text);
  else await session.print(result, () => text);
  return result.damagedRanges.length > 0 ? EXIT.damage : EXIT.done;
}

function checkStdout(session: Session, options: Options): void {
  if (options.inPlace) throw new UsageError('--in-place needs a file or device: - cannot be updated');
  if (session.json)
    throw new UsageError('--json and - exclude each other: standard output carries the image');
  if (options.sync) throw new UsageError('--sync needs a file or device: a stream cannot be synced');
  if (options.verify) throw new UsageError('--verify cannot read standard output back');
  if (process.stdout.isTTY && !options.dryRun) {
    throw new UsageError('Standard output is a terminal: pipe the image somewhere, or name a target');
  }
}

/** --force is consent to replace a file and --yes to overwrite a device: neither stands for the other. */
async function restoreToPath(
  session: Session,
  store: Store,
  reference: string,
  target: string,
  options: Options,
  restoreOptions: RestoreOptions,
): Promise<RestoreResult> {
  const kind = await kindOf(target);
  const isDevice = kind === 'device';
  const overwrite = isDevice
    ? options.yes === true || options.dryRun === true
    : kind === 'file' && options.force === true;
  if (options.dryRun && kind === 'file' && !options.force && !options.inPlace)
    session.remark(`${target} exists: --force will be needed.`);
  const { StoreError } = await session.library();
  try {
    return await store.restore(reference, target, { ...restoreOptions, overwrite });
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'target-needs-consent') throw error;
    if (!canAsk()) throw refusal(error, `${error.message}; --yes overwrites it without asking`);
    const agreed = await askConsent(error, target, await session.operation());
    if (!agreed) throw refusal(error, `${target} was left as it is`);
    return store.restore(reference, target, { ...restoreOptions, overwrite: true });
  }

  function refusal(cause: StoreError, message: string): StoreError {
    return new StoreError(cause.code, message, cause.details, { cause });
  }
}

async function kindOf(path: string): Promise<'device' | 'file' | 'other'> {
  try {
    const entry = await stat(path);
    return entry.isBlockDevice() ? 'device' : entry.isFile() ? 'file' : 'other';
  } catch {
    return 'other';
  }
}

function describe(result: RestoreResult, target: string, dryRun: boolean): string {
  const { image, size, writtenBytes, seedBytes, damagedRanges, verified, seconds } = result;
  const { sameBytes, differentBytes } = result;
  const fromSeeds = seedBytes > 0 ? formatBytes(seedBytes) : undefined;
  const alreadyRight = sameBytes === undefined ? undefined : formatBytes(sameBytes);
  const place = target === STANDARD_STREAM ? 'standard output' : target;
  if (dryRun) {
    return (
      `Dry run: ${imageTitle(image)} can be restored to ${place} (${formatBytes(size)})\n` +
      renderFields([
        ['to write', differentBytes === undefined ? undefined : `at most ${formatBytes(differentBytes)}`],
        ['already right', alreadyRight],
        ['seeds hold', fromSeeds],
      ]) +
      rangeLines('cannot be restored and would stand as zeros', damagedRanges)
    );
  }
  return (
    `Restored ${imageTitle(image)} to ${place}${sameBytes === undefined ? '' : ', in place'}\n` +
    renderFields([
      ['size', formatWork(size, seconds)],
      ['written', formatBytes(writtenBytes)],
      ['already right', alreadyRight],
      ['from seeds', fromSeeds],
      ['verified', verified ? 'yes: the target was read back and is equal' : undefined],
    ]) +
    rangeLines('could not be restored and stand as zeros', damagedRanges)
  );
}
