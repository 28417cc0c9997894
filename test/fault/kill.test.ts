/** Processes that die or are stopped in the midst of their work, at moments drawn from a seed that is printed. */
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { EXIT } from '../../cli/exit-codes.js';
import type { CaptureResult, Image } from '../../src/index.js';
import { doppel, finished, startDoppel } from '../cli/run-doppel.js';
import { folderFor } from '../support/machine.js';
import { editedDisk, seededBytes, seededNumbers } from '../support/seeded-disk.js';
import { filesOf } from '../support/store-files.js';
import { copyOf, hasNoTrace, makeSample, REFERENCES, restoresWhole, type Sample } from './sample.js';

const MIB = 1024 ** 2;
const seed = process.env.DOPPEL_SEED ?? String(Date.now());

let sample: Sample;
/** How long a capture and a restore take here. */
let captureMs = 0;
let restoreMs = 0;

test.before(async (t) => {
  sample = await makeSample();
  t.log(`DOPPEL_SEED=${seed} repeats the moments`);
});

const bigDisk = () => seededBytes('big', 24 * MIB);

test.serial('how long a capture and a restore take here', async (t) => {
  const store = copyOf(t, sample);
  const folder = folderFor(t);
  writeFileSync(join(folder, 'disk'), bigDisk());
  let start = performance.now();
  const capture = await doppel(['--store', store, 'capture', join(folder, 'disk'), 'big']);
  captureMs = performance.now() - start;
  start = performance.now();
  const restore = await doppel(['--store', store, 'restore', 'big', join(folder, 'target')]);
  restoreMs = performance.now() - start;
  t.is(capture.code, EXIT.done, capture.stderr);
  t.is(restore.code, EXIT.done, restore.stderr);
});

async function imagesOf(store: string): Promise<readonly Image[]> {
  return JSON.parse((await doppel(['--store', store, 'ls', '--json'])).stdout) as Image[];
}

test.serial('kill -9 of a capture at many moments', async (t) => {
  t.log(`seed ${seed}`);
  const random = seededNumbers(`${seed} capture`);
  const store = copyOf(t, sample);
  const disk = join(folderFor(t), 'disk');
  for (let round = 0; round < 12; round++) {
    const bytes = editedDisk(bigDisk(), `round ${round}`);
    if (round % 3 === 0) seededBytes(`all new ${round}`, bytes.length).copy(bytes);
    writeFileSync(disk, bytes);
    const before = await imagesOf(store);
    const child = startDoppel(['--store', store, 'capture', disk, 'big:killed']);
    const run = finished(child);
    await sleep(random() * captureMs * 1.1);
    child.kill('SIGKILL');
    await run;
    const after = await imagesOf(store);
    t.true(after.length === before.length || after.length === before.length + 1);
    if (after.length > before.length) await restoresWhole(t, store, 'big:killed', bytes);
  }
  for (const name of ['old', 'web', 'mail'] as const)
    await restoresWhole(t, store, REFERENCES[name], sample[name].bytes);
  // The next capture works, with no manual unlock, and clears up what the dead ones were writing.
  const next = await doppel(['--store', store, 'capture', disk, 'big']);
  t.is(next.code, EXIT.done, next.stderr);
  await restoresWhole(t, store, 'big', readFileSync(disk));
  const leftovers = filesOf(store, 'tmp').filter((path) => /\/[0-9a-f]{32}\./.test(path));
  t.deepEqual(leftovers, [], 'what a lease stands behind is gone');
  t.true(filesOf(store, 'tmp').length <= 12, 'of the small files at most one per death stays for a day');
  const verified = await doppel(['--store', store, 'verify', '--all']);
  t.is(verified.code, EXIT.done, verified.stdout);
});

test.serial('kill -9 of a restore at many moments: an old file stays as it was', async (t) => {
  const random = seededNumbers(`${seed} restore`);
  const store = copyOf(t, sample);
  const folder = folderFor(t);
  const [disk, target] = [join(folder, 'disk'), join(folder, 'target.img')];
  writeFileSync(disk, bigDisk());
  t.is((await doppel(['--store', store, 'capture', disk, 'big'])).code, EXIT.done);
  for (let round = 0; round < 8; round++) {
    const old = seededBytes(`old ${round}`, MIB);
    writeFileSync(target, old);
    const child = startDoppel(['--store', store, 'restore', 'big', target, '--force']);
    const run = finished(child);
    await sleep(random() * restoreMs * 1.1);
    child.kill('SIGKILL');
    await run;
    const found = readFileSync(target);
    t.true(found.equals(old) || found.equals(bigDisk()), 'the old file or the new one, whole');
  }
  const again = await doppel(['--store', store, 'restore', 'big', target, '--force']);
  t.is(again.code, EXIT.done, again.stderr);
  t.true(readFileSync(target).equals(bigDisk()));
  t.is((await doppel(['--store', store, 'verify', '--all'])).code, EXIT.done);
});

test.serial('kill -9 of small changes: the record before or the one after', async (t) => {
  const random = seededNumbers(`${seed} tag`);
  const store = copyOf(t, sample);
  for (let round = 0; round < 6; round++) {
    const child = startDoppel(['--store', store, 'tag', 'web', `t${round}`]);
    const run = finished(child);
    await sleep(100 + random() * 400);
    child.kill('SIGKILL');
    await run;
    const shown = await doppel(['--store', store, 'show', 'web', '--json']);
    t.is(shown.code, EXIT.done, shown.stderr);
  }
  t.is((await doppel(['--store', store, 'tag', 'web', 'last'])).code, EXIT.done);
  await restoresWhole(t, store, 'web:last', sample.web.bytes);
});

test.serial('Ctrl-C in a capture keeps what was stored: the next one has little left to write', async (t) => {
  const store = copyOf(t, sample);
  const folder = folderFor(t);
  const disk = join(folder, 'disk');
  const bytes = seededBytes('long', 160 * MIB);
  writeFileSync(disk, bytes);
  const child = startDoppel(['--store', store, 'capture', disk, 'long', '--level', '1']);
  const run = finished(child);
  const before = filesOf(store, 'packs').length;
  for (let tries = 0; tries < 2000 && filesOf(store, 'packs').length === before; tries++) await sleep(10);
  child.kill('SIGINT');
  const { code, stderr, stdout } = await run;
  hasNoTrace(t, { code, signal: null, stdout, stderr });
  if (code === EXIT.done) {
    t.log('the capture was quicker than the signal');
  } else {
    t.is(code, EXIT.interrupt, stderr);
    t.is((await imagesOf(store)).length, 3);
  }
  t.deepEqual(readdirSync(join(store, 'tmp')), []);
  t.deepEqual(readdirSync(join(store, 'leases')), []);
  const next = await doppel(['--store', store, 'capture', disk, 'long', '--level', '1', '--json']);
  t.is(next.code, EXIT.done, next.stderr);
  const { newBytes, sharedBytes } = JSON.parse(next.stdout) as CaptureResult;
  t.true(sharedBytes >= 60 * MIB, `${sharedBytes} bytes were there already, ${newBytes} were not`);
  await restoresWhole(t, store, 'long', bytes);
});

test.serial('Ctrl-C in a restore leaves an old file untouched, and nothing beside it', async (t) => {
  const store = copyOf(t, sample);
  const disk = join(folderFor(t), 'disk');
  const folder = folderFor(t);
  const target = join(folder, 'target.img');
  writeFileSync(disk, seededBytes('long', 160 * MIB));
  t.is((await doppel(['--store', store, 'capture', disk, 'long', '--level', '1'])).code, EXIT.done);
  const stopped = { beforeItBegan: 0, atWork: 0, never: 0 };
  const stop = async (isTime: (child: ChildProcess) => Promise<unknown>) => {
    writeFileSync(target, 'old');
    const child = startDoppel(['--store', store, 'restore', 'long', target, '--force']);
    const run = finished(child);
    await isTime(child);
    child.kill('SIGINT');
    const { code, signal, stderr } = await run;
    t.deepEqual(readdirSync(folder), ['target.img']);
    if (code === EXIT.done) stopped.never++;
    else {
      t.is(readFileSync(target, 'utf8'), 'old');
      // Before there is anything to stop, the signal itself ends the process.
      if (signal === 'SIGINT') stopped.beforeItBegan++;
      else {
        t.is(code, EXIT.interrupt, stderr);
        stopped.atWork++;
      }
    }
  };
  for (const wait of [0.1, 0.3, 0.5, 0.7, 0.9]) await stop(() => sleep(restoreMs * wait));
  const isWriting = async (child: ChildProcess) => {
    while (child.exitCode === null && readdirSync(folder).length === 1) await sleep(2);
  };
  for (let tries = 0; tries < 10 && stopped.atWork === 0; tries++) await stop(isWriting);
  t.log(stopped);
  t.true(stopped.atWork > 0);
});
