/** Restores in place and from seeds, as they are typed: what is said, and what a kill leaves. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { RestoreResult } from '../../src/index.js';
import { glance } from '../support/disk-targets.js';
import { seededBytes, seededDisk } from '../support/seeded-disk.js';
import { doppel, finished, type Run, startDoppel } from './run-doppel.js';
import { json, type SampleStore, sampleStore } from './sample-store.js';

const MIB = 1024 ** 2;

let sample: SampleStore;
let store: readonly string[];

test.before(async () => {
  sample = await sampleStore();
  store = ['--store', sample.store];
});

test.serial('what people read: dry run, update, nothing left to do', async (t) => {
  const target = join(sample.folder, 'people.img');
  const old = Buffer.from(sample.bytes);
  old.fill('x', 2 * MIB, 2 * MIB + 100);
  writeFileSync(target, old);
  const words = [...store, 'restore', 'web', target, '--in-place'];
  const dryRun = await doppel([...words, '--dry-run']);
  t.regex(
    dryRun.stdout,
    /^Dry run: web@.* \(5 MiB\)\n {2}to write +at most [\d.]+ KiB\n {2}already right +4\.\d+ MiB\n$/,
  );
  t.is(dryRun.stderr, '');
  t.true(readFileSync(target).equals(old));
  const { code, stdout } = await doppel([...words, '--verify']);
  t.is(code, 0);
  t.regex(stdout, /^Restored web@[0-9a-f]{8} \(web:stable\) to .*people\.img, in place\n/);
  t.regex(stdout, /\n {2}written +4 KiB\n {2}already right +5 MiB\n {2}verified +yes/);
  t.true(readFileSync(target).equals(sample.bytes));
  t.regex((await doppel(words)).stdout, /\n {2}written +0 B\n/);
});

test.serial('what scripts read', async (t) => {
  const target = join(sample.folder, 'scripts.img');
  const words = [...store, 'restore', 'web', target, '--in-place'];
  const made = await json<RestoreResult>(t, [...words, '--seed', sample.disk, '--seed', sample.disk]);
  t.is(made.writtenBytes, 2 * MIB);
  t.is(made.seedBytes, 2 * MIB);
  t.is(made.differentBytes, 2 * MIB);
  t.is(made.sameBytes, sample.bytes.length - 2 * MIB);
  t.is((await json<RestoreResult>(t, words)).writtenBytes, 0);
  const dryRun = await json<RestoreResult>(t, [
    ...store,
    'restore',
    'web:old',
    target,
    '--in-place',
    '--dry-run',
  ]);
  t.true(dryRun.differentBytes! >= 4096 && dryRun.differentBytes! <= 256 * 1024);
  t.is(dryRun.writtenBytes, 0);
  t.true(readFileSync(target).equals(sample.bytes));
});

test.serial('seeds beside a pipe and a new file', async (t) => {
  const target = join(sample.folder, 'seeded.img');
  const { stdout } = await doppel([...store, 'restore', 'web', target, '--seed', sample.disk]);
  t.regex(stdout, /\n {2}from seeds +2 MiB\n/);
  const piped = await doppel([...store, 'restore', 'web', '-', '--seed', sample.disk]);
  t.is(piped.code, 0);
  t.regex(piped.stderr, /\n {2}from seeds +2 MiB\n/);
});

/** A restore may be at its end before this process, on a machine with much else to do, sees that it has begun. */
const TRIES = 10;

for (const signal of ['SIGKILL', 'SIGINT'] as const) {
  test.serial(`${signal} half-way, and the same again`, async (t) => {
    const size = 160 * MIB;
    const [disk, old, target] = ['disk', 'old', 'target'].map((name) =>
      join(sample.folder, `${signal}-${name}`),
    );
    writeFileSync(disk!, seededDisk(`${signal} disk`, size));
    writeFileSync(old!, seededBytes(`${signal} old`, size));
    t.is((await doppel([...store, 'capture', disk!, 'killed'])).code, 0);
    const wanted = readFileSync(disk!);
    const words = [...store, 'restore', 'killed', target!, '--in-place'];
    let [stopped, stderr] = [wanted, ''];
    let code: Run['code'] = 0;
    for (let tries = 0; tries < TRIES && stopped.equals(wanted); tries++) {
      copyFileSync(old!, target!);
      const before = glance(target!, size);
      const child = startDoppel(words);
      const run = finished(child);
      while (child.exitCode === null && glance(target!, size) === before) await sleep(2);
      child.kill(signal);
      ({ code, stderr } = await run);
      stopped = readFileSync(target!);
    }
    t.false(stopped.equals(wanted), 'it was stopped before the end');
    t.false(stopped.equals(readFileSync(old!)), 'and after the start');
    if (signal === 'SIGINT') {
      t.is(code, 130);
      t.regex(stderr, /target is part old and part new now; restoring in place once more completes it\n/);
    }
    const again = await doppel([...words, '--verify']);
    t.is(again.code, 0, again.stderr);
    t.true(readFileSync(target!).equals(wanted));
  });
}
