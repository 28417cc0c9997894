/** The bench of many versions builds a store, measures gc at each count, and tells figures that can be true. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { VersionsStep } from '../../bench/versions/run-versions.js';
import { leftBehind, runBench } from './run-bench.js';

test('the bench of versions builds them, marks, and removes its scratch folder', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'doppel-versions-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const json = join(folder, 'results.json');
  const { stdout } = await runBench('versions', {
    args: ['--versions', '2,4', '--size', '1', '--blocks', '2', '--scratch', folder, '--json', json],
    temporaryFolder: folder,
  });
  t.regex(stdout, /^\| versions \|/m);
  t.deepEqual(await leftBehind(folder), []);

  const { steps } = JSON.parse(await readFile(json, 'utf8')) as { steps: readonly VersionsStep[] };
  const changed = 20; // of 1024 segments, 20 of a thousand
  t.deepEqual(
    steps.map(({ versions, recipes, chunks, recipeReferences }) => [
      versions,
      recipes,
      chunks,
      recipeReferences,
    ]),
    [2, 4].map((versions) => {
      const recipes = 1024 + changed * (versions - 1);
      return [versions, recipes, 2 * recipes, 1024 * versions];
    }),
  );
  for (const { markSeconds, wallSeconds, pages, peakBytes } of steps) {
    t.true(markSeconds > 0 && markSeconds < wallSeconds && pages > 4 && peakBytes > 10 * 2 ** 20);
  }
});

test('the bench of versions tells its options', async (t) => {
  const { stdout } = await runBench('versions', { args: ['--help'], temporaryFolder: tmpdir() });
  for (const option of ['--versions', '--size', '--changed', '--blocks', '--scratch', '--json'])
    t.true(stdout.includes(option));
});
