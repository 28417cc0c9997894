/** Full file systems: the command says so, leaves nothing half-done, and goes on when there is room. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../cli/exit-codes.js';
import type { CaptureResult } from '../../src/index.js';
import { doppel } from '../cli/run-doppel.js';
import { folderFor, smallFileSystem, tool } from '../support/machine.js';
import { seededBytes, seededDisk } from '../support/seeded-disk.js';
import { filesOf } from '../support/store-files.js';
import { complains, restoresWhole } from './sample.js';

const MIB = 1024 ** 2;
const noSpace = {
  exitCode: EXIT.noSpace,
  code: 'no-space',
  message: /no space left in the store; free some/,
};

test.serial(
  'a store that gets full: nothing is published, the images it has are unharmed, more room is all it needs',
  async (t) => {
    const place = smallFileSystem(t, 20 * MIB);
    if (place === undefined) return;
    const store = join(place, 'store');
    const folder = folderFor(t);
    const [small, large] = [seededDisk('small', 6 * MIB), seededBytes('large', 40 * MIB)];
    writeFileSync(join(folder, 'small'), small);
    writeFileSync(join(folder, 'large'), large);
    t.is((await doppel(['init', store])).code, 0);
    t.is((await doppel(['--store', store, 'capture', join(folder, 'small'), 'small'])).code, 0);

    await complains(t, ['--store', store, 'capture', join(folder, 'large'), 'large'], noSpace);
    t.deepEqual(readdirSync(join(store, 'tmp')), []);
    t.deepEqual(readdirSync(join(store, 'leases')), []);
    const listed = await doppel(['--store', store, 'ls', '--json']);
    t.is((JSON.parse(listed.stdout) as unknown[]).length, 1);
    await restoresWhole(t, store, 'small', small);

    if (!tool(t, 'mount', '-o', `remount,size=${64 * MIB}`, place)) return;
    const again = await doppel(['--store', store, 'capture', join(folder, 'large'), 'large']);
    t.is(again.code, 0, again.stderr);
    await restoresWhole(t, store, 'large', large);
    t.is((await doppel(['--store', store, 'verify', '--all'])).code, 0);
  },
);

test.serial('a store without a byte to spare can still be read', async (t) => {
  const place = smallFileSystem(t, 20 * MIB);
  if (place === undefined) return;
  const store = join(place, 'store');
  const disk = join(folderFor(t), 'disk');
  const bytes = seededDisk('small', 6 * MIB);
  writeFileSync(disk, bytes);
  t.is((await doppel(['init', store])).code, 0);
  t.is((await doppel(['--store', store, 'capture', disk, 'small'])).code, 0);
  t.throws(() => writeFileSync(join(place, 'filler'), Buffer.alloc(20 * MIB)), { code: 'ENOSPC' });
  await complains(t, ['--store', store, 'capture', disk, 'small'], noSpace);
  await complains(t, ['--store', store, 'tag', 'small', 'kept'], noSpace);
  const listed = await doppel(['--store', store, 'ls']);
  t.is(listed.code, 0, listed.stderr);
  await restoresWhole(t, store, 'small', bytes);
  const verified = await doppel(['--store', store, 'verify', '--all']);
  t.is(verified.code, 0, verified.stdout + verified.stderr);
  t.deepEqual(filesOf(store, 'tmp'), []);
});

test.serial('no room for a new store', async (t) => {
  const place = smallFileSystem(t, MIB, ',nr_inodes=40');
  if (place === undefined) return;
  await complains(t, ['init', join(place, 'store')], { ...noSpace, message: /no space left/ });
});

test.serial('a target that gets full: said with the place, and what was there before stays', async (t) => {
  const place = smallFileSystem(t, 3 * MIB);
  if (place === undefined) return;
  const folder = folderFor(t);
  const store = join(folder, 'store');
  writeFileSync(join(folder, 'disk'), seededBytes('disk', 8 * MIB));
  t.is((await doppel(['init', store])).code, 0);
  const captured = await doppel(['--store', store, 'capture', join(folder, 'disk'), 'web', '--json']);
  t.is((JSON.parse(captured.stdout) as CaptureResult).size, 8 * MIB);
  const target = join(place, 'target.img');
  const full = {
    exitCode: EXIT.target,
    code: 'target-unwritable',
    message: /target\.img: it is full at byte \d+; free some space/,
  };
  await complains(t, ['--store', store, 'restore', 'web', target], full);
  t.deepEqual(readdirSync(place), []);
  writeFileSync(target, 'old');
  await complains(t, ['--store', store, 'restore', 'web', target, '--force'], full);
  t.deepEqual(readdirSync(place), ['target.img']);
  t.is(readFileSync(target, 'utf8'), 'old');
  t.false(existsSync(`${target}.part`));
});
