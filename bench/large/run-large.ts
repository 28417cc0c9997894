/**
 * The steps, each in a process of its own:
 *
 *   [1] a store with a captured image   [2] tiny chunks, through the pack writer   [3] open, first look-up, look-ups
 *   [4] capture another image, here and into an empty store   [5] make the index anew   [6] mark, as gc does
 */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { acquireSlot } from '../../src/chunk-index/slots.js';
import { openDoppel } from '../doppel.js';
import { type Measured, measure } from '../measure.js';
import { type Command, measureStore, type StoreSize } from '../tool.js';
import { inspectImage } from '../workloads/source-image.js';
import { writeSeededDisk } from '../workloads/synthetic.js';
import type { LookUpRate } from './look-ups.js';
import type { LargeOptions } from './options.js';
import type { FirstLookUp, LookUps, StepName } from './step.js';

const SEED = 'bench, large store';
const STEP = fileURLToPath(new URL('step.ts', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface LargeStep extends Measured {
  readonly what: string;
  readonly note?: string;
}

export interface LargeResult {
  readonly chunks: number;
  readonly steps: readonly LargeStep[];
  readonly lookUps: readonly LookUpRate[];
  /** After the build, and at the end. */
  readonly built: StoreSize;
  readonly atEnd: StoreSize;
  /** Index bytes per entry of any kind, after the rebuild. */
  readonly indexBytesPerChunk: number;
}

export async function runLarge(
  { chunks, sizeBytes, scratch }: Omit<LargeOptions, 'json'>,
  say: (line: string) => void,
): Promise<LargeResult> {
  const steps: LargeStep[] = [];
  const take = async (what: string, command: Command, note?: string) => {
    say(`${what} ...`);
    const measured = await measure(command);
    steps.push({ what, ...measured, ...(note === undefined ? {} : { note }) });
    say(`  ${measured.wallSeconds.toFixed(1)} s, ${Math.round(measured.peakBytes / 2 ** 20)} MiB`);
  };
  const [large, empty] = [
    openDoppel(PROGRAM)(join(scratch, 'large')),
    openDoppel(PROGRAM)(join(scratch, 'empty')),
  ];
  for (const folder of ['large', 'empty']) await mkdir(join(scratch, folder), { recursive: true });
  const result = join(scratch, 'result.json');
  const step = async <T>(what: StepName, title: string = what, note?: (value: T) => string): Promise<T> => {
    const args = ['--import=tsx', STEP, what, large.storeFolder, String(chunks), SEED, result];
    await take(title, { program: process.execPath, args });
    const value = JSON.parse(await readFile(result, 'utf8')) as T;
    if (note !== undefined) steps.push({ ...steps.pop()!, note: note(value) });
    return value;
  };

  say('Preparing the images ...'); // [1]
  const images = [];
  for (const name of ['published', 'other']) {
    const path = join(scratch, `${name}.raw`);
    await writeSeededDisk(path, sizeBytes, `${SEED}, ${name}`);
    images.push(await inspectImage(path));
  }
  const [published, other] = images as [(typeof images)[0], (typeof images)[0]];
  for (const tool of [large, empty]) for (const command of tool.init) await measure(command);
  await measure(large.capture(published, 'published'));

  await step('build', `build: ${chunks} chunks`); // [2]
  const built = await measureStore(large);

  await step('load the code', 'a process that loads the code and ends'); // [3]
  const told = ({ milliseconds, knownPacks }: FirstLookUp) =>
    `${milliseconds.toFixed(0)} ms until found; ${knownPacks} packs known`;
  await step('first look-up', 'open the store, first look-up', told);
  const held = await acquireSlot(large.indexFolder!);
  await step('first look-up', 'the same, while another process has it open', told);
  await held.close();
  const { rates: lookUps } = await step<LookUps>(
    'look-ups',
    'look-ups',
    ({ mappedBytes }) => `${Math.round(mappedBytes / 2 ** 20)} MiB of it are mapped files`,
  );

  const note = `${Math.round(other.dataBytes / 2 ** 20)} MiB of data`; // [4]
  await take('capture an image: empty store', empty.capture(other, 'other'), note);
  await take('capture an image: this store', large.capture(other, 'other'), note);
  await take('capture it again: empty store', empty.capture(other, 'again'), note);
  await take('capture it again: this store', large.capture(other, 'again'), note);
  const grown = await measureStore(large);

  const rebuild = {
    program: process.execPath,
    args: [PROGRAM, '--store', large.storeFolder, '--quiet', 'rebuild'],
  }; // [5]
  await take('make the index anew', rebuild);
  const atEnd = await measureStore(large);
  const mark = {
    program: process.execPath,
    args: [PROGRAM, '--store', large.storeFolder, '--quiet', 'gc', '--dry-run'],
  }; // [6]
  await take('gc --dry-run: mark and plan', mark);
  await rm(result);
  const indexBytesPerChunk = Math.max(built.indexBytes, grown.indexBytes, atEnd.indexBytes) / chunks;
  return { chunks, steps, lookUps, built, atEnd, indexBytesPerChunk };
}
