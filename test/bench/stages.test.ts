/** Stages are measured on a seeded image, and what they give back is the image. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { StageResults } from '../../bench/stages/stage-report.js';
import { leftBehind, runBench } from './run-bench.js';

test('every stage of a capture and a restore costs something, and has its floor beside it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'doppel-stages-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const json = join(folder, 'results.json');
  const { stdout } = await runBench('stages', {
    args: ['--size', '8', '--image', 'moved', '--rounds', '1', '--json', json],
    temporaryFolder: folder,
  });
  t.regex(stdout, /^\| compress frames +\|/m);
  t.regex(stdout, /^\| verify chunks +\|/m);
  t.deepEqual(await leftBehind(folder), []);

  const results = JSON.parse(await readFile(json, 'utf8')) as StageResults;
  t.is(results.image.name, 'moved');
  t.true(results.newBytes > 0 && results.newBytes <= results.image.dataBytes);
  t.true(results.storedBytes > 0 && results.storedBytes < results.newBytes * 1.1);
  for (const [stage, seconds] of Object.entries(results.stages)) t.true(seconds > 0, stage);
  const { stages, captureCommand, restoreCommand } = results;
  t.true(captureCommand > stages['compress frames'] && restoreCommand > stages['verify chunks']);
  t.true(results.floors.some(({ name, cpuSeconds }) => name === 'node -e 0' && cpuSeconds > 0));
});
