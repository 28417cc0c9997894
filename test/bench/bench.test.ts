/** The bench runs its seeded images through every step and tells figures that can be true. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { PassResult } from '../../bench/pass.js';
import type { SourceImage } from '../../bench/tool.js';
import { leftBehind, runBench } from './run-bench.js';

interface Document {
  readonly images: readonly SourceImage[];
  readonly passes: readonly PassResult[];
}

test('the bench measures every step, and removes its scratch folder', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'doppel-bench-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const json = join(folder, 'results.json');
  const { stdout } = await runBench('main', {
    args: ['--size', '16', '--runs', '1', '--json', json],
    temporaryFolder: folder,
  });
  t.regex(stdout, /^\| capture, cold: base +\|/m);
  t.deepEqual(await leftBehind(folder), []);

  const { images, passes } = JSON.parse(await readFile(json, 'utf8')) as Document;
  t.deepEqual(
    images.map(({ name, sizeBytes }) => [name, sizeBytes]),
    ['base', 'edited', 'moved'].map((name) => [name, 16 * 2 ** 20]),
  );
  t.is(passes.length, 1);
  const { steps } = passes[0]!;
  t.deepEqual(
    steps.map(({ group, image }) => `${group} ${image ?? ''}`.trim()),
    [
      'capture, cold base',
      'capture the others edited',
      'capture the others moved',
      'capture again base',
      'restore base',
      'restore moved',
      'verify',
    ],
  );
  for (const { wallSeconds, cpuSeconds, peakBytes } of steps) {
    t.true(wallSeconds > 0 && cpuSeconds > 0 && peakBytes > 10 * 2 ** 20);
  }
  const stored = steps.flatMap(({ store }) => store?.storedBytes ?? []);
  const [cold, edited, moved, again] = stored.map((byteCount, n) => byteCount - (stored[n - 1] ?? 0));
  t.true(cold! < images[0]!.dataBytes);
  t.true(edited! < cold! / 2 && moved! < cold! / 2, `${stored}`);
  t.true(again! < 64 * 1024, `${stored}`);
});
