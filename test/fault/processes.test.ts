/** Many processes on one store, with no server in between: all succeed, and what they made together is whole. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../cli/exit-codes.js';
import type { Image } from '../../src/index.js';
import { doppel, type Run } from '../cli/run-doppel.js';
import { folderFor } from '../support/machine.js';
import { editedDisk } from '../support/seeded-disk.js';
import { copyOf, hasNoTrace, makeSample, restoresWhole, type Sample } from './sample.js';

let sample: Sample;

test.before(async () => {
  sample = await makeSample();
});

async function verifies(store: string): Promise<Run> {
  return doppel(['--store', store, 'verify', '--all']);
}

test.serial('four captures, a restore and an ls at once', async (t) => {
  const store = copyOf(t, sample);
  const folder = folderFor(t);
  const disks = ['a', 'b', 'c', 'd'].map((name) => ({
    name,
    bytes: editedDisk(sample.web.bytes, name),
    path: join(folder, name),
  }));
  for (const { path, bytes } of disks) writeFileSync(path, bytes);
  const target = join(folder, 'target.img');
  const runs = await Promise.all([
    ...disks.map(({ name, path }) => doppel(['--store', store, 'capture', path, `${name}:first`])),
    doppel(['--store', store, 'restore', 'mail', target]),
    doppel(['--store', store, 'ls', '--json']),
  ]);
  for (const run of runs) {
    t.is(run.code, EXIT.done, run.stderr);
    hasNoTrace(t, run);
  }
  t.true(readFileSync(target).equals(sample.mail.bytes));
  const verified = await verifies(store);
  t.is(verified.code, EXIT.done, verified.stdout);
  for (const { name, bytes } of disks) await restoresWhole(t, store, `${name}:first`, bytes);
  t.deepEqual(readdirSync(join(store, 'tmp')), []);
  t.deepEqual(readdirSync(join(store, 'leases')), []);
});

test.serial('the same disk under the same name, four times at once', async (t) => {
  const store = copyOf(t, sample);
  const disk = join(folderFor(t), 'disk');
  const bytes = editedDisk(sample.web.bytes, 'same');
  writeFileSync(disk, bytes);
  const runs = await Promise.all([1, 2, 3, 4].map(() => doppel(['--store', store, 'capture', disk, 'same'])));
  for (const { code, stderr } of runs) t.is(code, EXIT.done, stderr);
  const listed = await doppel(['--store', store, 'ls', 'same', '--json']);
  const images = JSON.parse(listed.stdout) as Image[];
  t.is(images.length, 4);
  t.is(new Set(images.map(({ digest }) => digest)).size, 1);
  for (const back of [0, 1, 2, 3]) await restoresWhole(t, store, `same~${back}`, bytes);
  t.is((await verifies(store)).code, EXIT.done);
});

test.serial('small changes at once: none is lost', async (t) => {
  const store = copyOf(t, sample);
  const tags = ['t1', 't2', 't3', 't4', 't5'];
  const runs = await Promise.all([
    ...tags.map((tag) => doppel(['--store', store, 'tag', 'web', tag])),
    doppel(['--store', store, 'label', 'web', 'site=berlin']),
    doppel(['--store', store, 'protect', 'web']),
  ]);
  for (const { code, stderr } of runs) t.is(code, EXIT.done, stderr);
  const shown = await doppel(['--store', store, 'show', 'web', '--json']);
  const image = JSON.parse(shown.stdout) as Image;
  t.deepEqual(image.tags, ['kept', ...tags]);
  t.deepEqual(image.labels, { site: 'berlin' });
  t.true(image.protected);
});

test.serial('two inits of one folder: one makes it, and the store is whole', async (t) => {
  const store = join(folderFor(t), 'store');
  const runs = await Promise.all([doppel(['init', store]), doppel(['init', store])]);
  const codes = runs.map(({ code }) => code).sort();
  t.deepEqual(codes, [EXIT.done, EXIT.store], runs.map(({ stderr }) => stderr).join());
  t.is((await doppel(['--store', store, 'ls'])).code, EXIT.done);
});
