/** The demo does the main job here, and leaves nothing behind. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { leftBehind, runBench } from './run-bench.js';

test('the demo captures two disks, restores one, finds it equal and cleans up', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'doppel-demo-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const { stdout } = await runBench('demo', { temporaryFolder: folder });
  t.regex(stdout, /capture golden +│ .* MiB of data/);
  t.regex(stdout, /capture web01 +│ .* MiB of data/);
  t.regex(stdout, /diff +│ .* MiB in both/);
  t.regex(stdout, /256\.0 MiB: equal byte for byte/);
  t.deepEqual(await leftBehind(folder), []);
});
