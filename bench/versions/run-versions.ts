/**
 *   [1] an empty store and a disk   [2] versions of it are captured by the library, told what changed, until there are
 *   enough   [3] `gc --dry-run` in a process of its own: all marks, nothing changes   [4] [2] again, until there are more
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GcResult } from '../../src/index.js';
import { type Measured, measure } from '../measure.js';
import { countEntries, type EntryCounts } from './count-entries.js';
import { GrowingDisk } from './growing-disk.js';
import type { VersionsOptions } from './options.js';

const BUILT: string = new URL('../../dist/src/index.js', import.meta.url).href;
/** The built one, as it is shipped: threads do not take TypeScript. */
const { initStore, openStore } = (await import(BUILT)) as typeof import('../../src/index.js');
const PROGRAM = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const NAME = 'disk';
const TELL_EVERY = 100;

export interface VersionsStep extends EntryCounts, Measured {
  readonly versions: number;
  /** Rows of all pages of all images: each names a recipe. */
  readonly recipeReferences: number;
  /** Inside the process: reading roots, marking, planning. */
  readonly markSeconds: number;
  /** What capturing one version took, of those since the step before. */
  readonly captureSeconds: number;
}

export async function runVersions(
  { versions, scratch, ...shape }: Omit<VersionsOptions, 'json'>,
  say: (line: string) => void,
): Promise<readonly VersionsStep[]> {
  say('Making the disk ...'); // [1]
  const store = join(scratch, 'store');
  await initStore(store);
  const disk = await GrowingDisk.make(join(scratch, 'disk.raw'), shape);
  const steps: VersionsStep[] = [];
  try {
    for (const [i, count] of versions.entries()) {
      const before = versions[i - 1] ?? 0;
      say(`Capturing up to ${count} versions ...`);
      const captureSeconds = (await captureVersions(store, disk, before, count, say)) / (count - before); // [2]
      const { markSeconds, ...measured } = await measureMark(store, join(scratch, 'result.json')); // [3]
      say(`  ${markSeconds.toFixed(2)} s to mark, ${Math.round(measured.peakBytes / 2 ** 20)} MiB`);
      const recipeReferences = count * shape.segments;
      const entries = await countEntries(store);
      steps.push({ versions: count, recipeReferences, ...entries, ...measured, markSeconds, captureSeconds });
    }
  } finally {
    await disk.close();
  }
  return steps;
}

/** @returns seconds */
async function captureVersions(
  location: string,
  disk: GrowingDisk,
  from: number,
  to: number,
  say: (line: string) => void,
): Promise<number> {
  const start = performance.now();
  const store = await openStore(location);
  try {
    for (let version = from + 1; version <= to; version++) {
      if (version === 1) await store.capture(disk.path, NAME);
      else await store.capture(disk.path, NAME, { parent: NAME, changedRanges: await disk.change() });
      if (version % TELL_EVERY === 0) say(`  ${version} versions`);
    }
  } finally {
    await store.close();
  }
  return (performance.now() - start) / 1000;
}

/** The command's own words go to a file; the shell that sees to it becomes the command. */
async function measureMark(store: string, result: string): Promise<Measured & { markSeconds: number }> {
  const words = ['--store', store, '--quiet', 'gc', '--dry-run', '--json'];
  const measured = await measure({
    program: 'sh',
    args: ['-c', 'exec "$@" > "$RESULT"', 'sh', process.execPath, PROGRAM, ...words],
    env: { RESULT: result },
  });
  const { seconds } = JSON.parse(await readFile(result, 'utf8')) as GcResult;
  return { ...measured, markSeconds: seconds };
}
