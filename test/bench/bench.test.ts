/** The bench runs its seeded images through every step and tells figures that can be true. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Floor, type FloorResult, installedFloors } from '../../bench/floors/floor.js';
import { parseOptions } from '../../bench/options.js';
import type { PassResult } from '../../bench/pass.js';
import { RESTIC } from '../../bench/peers/restic.js';
import type { SourceImage } from '../../bench/tool.js';
import { isAtLeast, parseVersion, type Version } from '../../bench/version.js';
import { leftBehind, runBench } from './run-bench.js';

interface Document {
  readonly images: readonly SourceImage[];
  readonly passes: readonly PassResult[];
  readonly floors: readonly (readonly FloorResult[])[];
}

test('the bench measures every step, without keys and with them, and removes its scratch folder', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'doppel-bench-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const json = join(folder, 'results.json');
  const { stdout } = await runBench('main', {
    args: ['--size', '16', '--runs', '1', '--keys', '--json', json],
    temporaryFolder: folder,
  });
  t.regex(stdout, /^\| capture, cold: base +\|/m);
  t.deepEqual(await leftBehind(folder), []);

  const { images, passes, floors } = JSON.parse(await readFile(json, 'utf8')) as Document;
  t.deepEqual(
    images.map(({ name, sizeBytes }) => [name, sizeBytes]),
    ['base', 'edited', 'moved'].map((name) => [name, 16 * 2 ** 20]),
  );
  t.deepEqual(
    passes.map(({ tool }) => tool),
    ['doppel', 'doppel with keys'],
  );
  for (const pass of passes) checkPass(t, pass, images[0]!);
  t.true(floors[0]!.some(({ name, wallSeconds }) => name === 'cat' && wallSeconds > 0));
});

function checkPass(t: ExecutionContext, { tool, steps, notMeasured }: PassResult, first: SourceImage): void {
  t.is(steps.filter(({ group }) => group === 'in place').length + notMeasured.length, 1);
  const always = steps.filter(({ group }) => group !== 'in place');
  t.deepEqual(
    always.map(({ group, image }) => `${group} ${image ?? ''}`.trim()),
    [
      'capture, cold base',
      'capture the others edited',
      'capture the others moved',
      'capture again base',
      'restore base',
      'restore edited',
      'restore moved',
      'verify',
      'scrub',
      'drop and reclaim',
    ],
  );
  for (const { wallSeconds, cpuSeconds, peakBytes } of steps) {
    t.true(wallSeconds > 0 && cpuSeconds > 0 && peakBytes > 10 * 2 ** 20);
  }
  const stored = steps.flatMap(({ store }) => store?.storedBytes ?? []);
  const [cold, edited, moved, again] = stored.map((byteCount, n) => byteCount - (stored[n - 1] ?? 0));
  t.true(cold! < first.dataBytes);
  t.true(edited! < cold! / 2 && moved! < cold! / 2, `${tool}: ${stored}`);
  t.true(again! < 64 * 1024, `${tool}: ${stored}`);
}

test('versions are told apart, and options follow them', async (t) => {
  t.deepEqual(parseVersion('restic 0.19.1 compiled with go1.26.4 on linux/amd64'), [0, 19, 1]);
  t.true(isAtLeast([0, 19, 1], [0, 17]));
  t.true(isAtLeast([0, 17], [0, 17, 0]));
  t.false(isAtLeast([0, 14, 0], [0, 15]));
  t.true(isAtLeast([1, 2], [0, 17]));
  const image = { name: 'a', path: '/images/a.raw', sizeBytes: 0, dataBytes: 0 };
  const restic = async (version: Version) => (await RESTIC.open('restic', version))[0]!('/folder');
  const old = await restic([0, 14, 0]);
  t.false(old.restore(image, 'a', '/target').command.args.includes('--sparse'));
  t.true('whyNot' in old.inPlace);
  const later = await restic([0, 19, 1]);
  t.true(later.restore(image, 'a', '/target').command.args.includes('--sparse'));
  t.true('update' in later.inPlace);
});

test('a peer may have a program of its own', (t) => {
  const options = parseOptions(
    ['--peer', 'restic=/opt/restic', '--peer', 'borg=/opt/a=b'],
    ['restic', 'borg'],
  );
  t.deepEqual(
    [...options!.programs],
    [
      ['restic', '/opt/restic'],
      ['borg', '/opt/a=b'],
    ],
  );
  t.throws(() => parseOptions(['--peer', 'rsync=/opt/rsync'], ['restic']), { instanceOf: TypeError });
  t.throws(() => parseOptions(['--peer', 'restic'], ['restic']), { instanceOf: TypeError });
});

test('a floor whose program is missing is named, and left out', async (t) => {
  const floor = (program: string): Floor => ({
    name: `floor of ${program}`,
    command: () => ({ program, args: [] }),
    files: [],
    memoryBytes: 0,
    dataBytes: 0,
  });
  const said: string[] = [];
  const found = await installedFloors([floor('cat'), floor('no-such-program')], (line) => said.push(line));
  t.deepEqual(
    found.map(({ name }) => name),
    ['floor of cat'],
  );
  t.is(said.length, 1);
  t.regex(said[0]!, /NOT MEASURED: floor of no-such-program/);
});
