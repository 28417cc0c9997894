/** The bench of large stores does all its steps on a small one, and tells figures that can be true. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { LargeResult } from '../../bench/large/run-large.js';
import { leftBehind, runBench } from './run-bench.js';

const CHUNKS = 40_000;

test('the bench of large stores builds one, measures every step, and removes its scratch folder', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'doppel-large-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const json = join(folder, 'results.json');
  const { stdout } = await runBench('large-store', {
    args: ['--chunks', String(CHUNKS), '--size', '8', '--scratch', folder, '--json', json],
    temporaryFolder: folder,
  });
  t.regex(stdout, /^\| capture an image: this store +\|/m);
  t.deepEqual(await leftBehind(folder), []);

  const { chunks, steps, lookUps, built, indexBytesPerChunk } = JSON.parse(
    await readFile(json, 'utf8'),
  ) as LargeResult;
  t.is(chunks, CHUNKS);
  t.is(steps.length, 11);
  for (const { wallSeconds, cpuSeconds, peakBytes } of steps) {
    t.true(wallSeconds > 0 && cpuSeconds > 0 && peakBytes > 10 * 2 ** 20);
  }
  t.deepEqual(
    lookUps.map(({ what }) => what),
    ['misses', 'hits, stored order', 'hits, random order'],
  );
  for (const { ids, idsPerSecond } of lookUps) t.true(ids > 1000 && idsPerSecond > 1000);
  t.true(built.storedBytes > CHUNKS * (64 + 36));
  t.true(indexBytesPerChunk < 48, `${indexBytesPerChunk} bytes`);
});

test('the bench of large stores tells its options', async (t) => {
  const { stdout } = await runBench('large-store', { args: ['--help'], temporaryFolder: tmpdir() });
  for (const option of ['--chunks', '--size', '--scratch', '--json']) t.true(stdout.includes(option));
});
