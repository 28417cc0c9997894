/** `doppel maintain` as a timer calls it: beside captures, killed at random moments, on a store that is damaged. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { EXIT } from '../../cli/exit-codes.js';
import type { DoctorReport, Image, MaintainResult, ScrubResult, VerifyResult } from '../../src/index.js';
import { folderFor, tool } from '../support/machine.js';
import { editedDisk, seededDisk } from '../support/seeded-disk.js';
import { cutInHalf, filesOf } from '../support/store-files.js';
import { Random } from '../thrash/random.js';
import { doppel, finished, startDoppel } from './run-doppel.js';
import { json } from './sample-store.js';

const MIB = 1024 ** 2;
const KILLS = 10;
/** Where Debian's packages for Python are seen, whatever else is installed. */
const DEBIAN_PYTHON = '/usr/bin/python3';

/** A store with three versions of a disk. */
async function storeOfThree(t: ExecutionContext): Promise<{ folder: string; store: string; disk: string }> {
  const folder = folderFor(t);
  const [store, disk] = [join(folder, 'store'), join(folder, 'disk.img')];
  t.is((await doppel(['init', store])).code, 0);
  let bytes = seededDisk('maintained', 4 * MIB);
  for (let version = 1; version <= 3; version++) {
    bytes = editedDisk(bytes, `version ${version}`);
    writeFileSync(disk, bytes);
    t.is((await doppel(['--store', store, 'capture', disk, 'web'])).code, 0);
  }
  return { folder, store, disk };
}

test('prunes by the policies of the store, collects, scrubs a slice', async (t) => {
  const { store } = await storeOfThree(t);
  t.is((await doppel(['--store', store, 'policy', 'set', 'web', '--keep-last', '1'])).code, 0);
  const words = ['--store', store, 'maintain', '--scrub-fraction', '1'];
  const planned = await json<MaintainResult>(t, [...words, '--dry-run']);
  t.is(planned.prune?.removedImages, 2);
  t.is((await json<readonly Image[]>(t, ['--store', store, 'ls'])).length, 3, 'a dry run changes nothing');
  const result = await json<MaintainResult>(t, words);
  t.deepEqual(
    result.steps.map(({ step, error }) => [step, error]),
    [
      ['prune', undefined],
      ['gc', undefined],
      ['scrub', undefined],
    ],
  );
  t.is(result.prune?.removedImages, 2);
  t.is(result.gc?.purgedImages, 2);
  t.is(result.scrub?.checkedPacks, result.scrub?.packs);
  const { health } = await json<DoctorReport>(t, ['--store', store, 'doctor']);
  t.is(health?.scrub.neverCheckedPacks, 0);
  t.truthy(health?.scrub.allCheckedSince);
});

test('a store without policies loses no image', async (t) => {
  const { store } = await storeOfThree(t);
  const result = await json<MaintainResult>(t, ['--store', store, 'maintain']);
  t.is(result.prune, undefined);
  t.is((await json<readonly Image[]>(t, ['--store', store, 'ls'])).length, 3);
  const { stdout } = await doppel(['--store', store, 'maintain']);
  t.regex(stdout, /prune +nothing to do: no policies are set/);
});

test('where gc refuses, scrub tells why, and the exit code says damage', async (t) => {
  const { store } = await storeOfThree(t);
  const [pack] = filesOf(store, 'packs').sort((a, b) => statSync(b).size - statSync(a).size);
  cutInHalf(pack!);
  const result = await json<MaintainResult>(
    t,
    ['--store', store, 'maintain', '--scrub-fraction', '1'],
    EXIT.damage,
  );
  t.is(result.steps.find(({ step }) => step === 'gc')?.error?.code, 'object-missing');
  t.true(result.scrub!.problems.some(({ object }) => object !== undefined && pack!.endsWith(object)));
  const human = await doppel(['--store', store, 'maintain', '--scrub-fraction', '1']);
  t.is(human.code, EXIT.damage);
  t.regex(human.stdout, /gc +FAILED: .*doppel scrub/);
});

test('killed ten times at random beside captures, the store ends healthy', async (t) => {
  const { folder, store, disk } = await storeOfThree(t);
  const seed = process.env.DOPPEL_SEED ?? String(Date.now());
  t.log(`DOPPEL_SEED=${seed} repeats the moments`);
  const random = new Random(seed);
  t.is((await doppel(['--store', store, 'policy', 'set', '*', '--keep-last', '2'])).code, 0);
  const words = ['--store', store, 'maintain', '--scrub-fraction', '1', '--wait', '0'];
  const begun = Date.now();
  t.is((await doppel(words)).code, 0);
  const usualMs = Date.now() - begun;
  let capturing = true;
  const captured: Buffer[] = [];
  const captures = (async () => {
    for (let n = 0; capturing; n++) {
      const bytes = editedDisk(readFileSync(disk), `beside ${n}`);
      const source = join(folder, 'beside.img');
      writeFileSync(source, bytes);
      const run = await doppel(['--store', store, 'capture', source, 'beside']);
      t.is(run.code, 0, run.stderr);
      captured.push(bytes);
    }
  })();
  for (let kill = 0; kill < KILLS; kill++) {
    const child = startDoppel(words);
    const run = finished(child);
    await sleep(1.2 * usualMs * random.number());
    child.kill('SIGKILL');
    await run;
  }
  capturing = false;
  await captures;
  const last = await doppel(['--store', store, 'maintain', '--scrub-fraction', '1']);
  t.is(last.code, 0, last.stdout + last.stderr);
  const scrubbed = await json<ScrubResult>(t, ['--store', store, 'scrub']);
  t.deepEqual([scrubbed.problems, scrubbed.hints], [[], []]);
  const verified = await json<VerifyResult>(t, ['--store', store, 'verify', '--all']);
  t.true(verified.images.every(({ ok }) => ok));
  const doctor = await json<DoctorReport>(t, ['--store', store, 'doctor']);
  t.deepEqual([doctor.problems, doctor.hints, doctor.leases], [[], [], []]);
  const target = join(folder, 'back.img');
  t.is((await doppel(['--store', store, 'restore', 'beside', target])).code, 0);
  t.true(readFileSync(target).equals(captured.at(-1)!));
});

/** What node_exporter would read, by a parser that is not ours: `name{labels}` to its value. */
function parsed(t: ExecutionContext, path: string): Map<string, number> | undefined {
  if (!tool(t, DEBIAN_PYTHON, '-c', 'import prometheus_client')) return undefined;
  const script = `
import sys
from prometheus_client.parser import text_string_to_metric_families
for family in text_string_to_metric_families(open(sys.argv[1]).read()):
    assert family.documentation and family.type == 'gauge', family
    for sample in family.samples:
        labels = ','.join(f'{k}={v}' for k, v in sorted(sample.labels.items()) if k != 'store')
        print(sample.name + '{' + labels + '}', sample.value, sample.labels['store'])
`;
  const { status, stdout, stderr } = spawnSync(DEBIAN_PYTHON, ['-c', script, path], { encoding: 'utf8' });
  t.is(status, 0, stderr);
  return new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => {
        const [name, value] = line.split(' ');
        return [name!, Number(value)];
      }),
  );
}

test('metrics: read by another parser, replaced as a whole, with a name that needs care', async (t) => {
  const folder = join(folderFor(t), 'a "quoted" folder');
  const store = join(folder, 'store');
  const { store: plain } = await storeOfThree(t);
  t.is(spawnSync('mkdir', [folder]).status, 0);
  t.is(spawnSync('mv', [plain, store]).status, 0);
  const file = join(folder, 'doppel.prom');
  for (const words of [['maintain'], ['doctor'], ['stats']]) {
    const run = await doppel(['--store', store, ...words, '--metrics', file]);
    t.is(run.code, 0, run.stderr);
    t.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('doppel.prom')),
      ['doppel.prom'],
    );
    t.is(statSync(file).mode & 0o777, 0o644);
    const metrics = parsed(t, file);
    if (metrics === undefined) return;
    t.is(metrics.get('doppel_images{}'), 3);
    t.is(metrics.get('doppel_problems{}'), 0);
    t.true(metrics.get('doppel_pack_bytes{}')! > MIB);
    t.true(metrics.has('doppel_unchecked_bytes{days=30}'));
    t.is(metrics.get('doppel_maintain_step_ok{step=gc}'), words[0] === 'maintain' ? 1 : undefined);
    t.is(metrics.has('doppel_dedup_ratio{}'), words[0] === 'stats');
  }
});

test('metrics that cannot be written: a clear error', async (t) => {
  const { store } = await storeOfThree(t);
  const run = await doppel(['--store', store, 'doctor', '--metrics', '/nowhere/doppel.prom']);
  t.is(run.code, EXIT.target);
  t.regex(run.stderr, /^doppel: Cannot write metrics to \/nowhere\/doppel\.prom: /m);
});
