/** What the command makes of damage: findings are listed, the exit code says so, and nothing is taken for whole. */
import { spawnSync } from 'node:child_process';
import { open, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { CaptureResult, RestoreResult, VerifyResult } from '../../src/index.js';
import { doppel, missing } from './run-doppel.js';
import { json, sampleStore } from './sample-store.js';

/** Turns one byte in the middle of the largest pack, which holds data. */
async function damageLargestPack(store: string): Promise<void> {
  const folder = join(store, 'packs');
  const entries = await readdir(folder, { recursive: true });
  const files = await Promise.all(
    entries.map(async (name) => ({ path: join(folder, name), entry: await stat(join(folder, name)) })),
  );
  const packs = files.filter(({ entry }) => entry.isFile()).sort((a, b) => b.entry.size - a.entry.size);
  const { path, entry } = packs[0]!;
  const middle = Math.floor(entry.size / 2);
  const bytes = await readFile(path);
  bytes[middle]! ^= 1;
  const handle = await open(path, 'r+');
  await handle.write(bytes, middle, 1, middle);
  await handle.close();
}

test('damage in a pack: verify lists it, restore refuses or goes on as asked', async (t) => {
  const { folder, store, bytes } = await sampleStore();
  await damageLargestPack(store);

  const found = await json<VerifyResult>(t, ['--store', store, 'verify', '--all'], 7);
  t.true(found.problems.length > 0);
  t.true(found.images.some(({ ok }) => !ok));
  const told = await doppel(['--store', store, 'verify', 'web', 'mail']);
  t.is(told.code, 7);
  t.regex(told.stdout, /^DAMAGED {2}/m);
  t.regex(told.stdout, /^Problem: /m);

  const target = join(folder, 'target.img');
  const refused = await doppel(['--store', store, 'restore', 'web', target]);
  t.is(refused.code, 7, refused.stderr);
  t.notRegex(refused.stderr, /^\s+at /m);
  await t.throwsAsync(stat(target), { code: 'ENOENT' });

  const words = ['--store', store, 'restore', 'web', target, '--on-damage', 'zero'];
  const result = await json<RestoreResult>(t, words, 7);
  t.true(result.damagedRanges.length > 0);
  const restored = await readFile(target);
  for (const { offset, length } of result.damagedRanges) bytes.fill(0, offset, offset + length);
  t.true(restored.equals(bytes));
  const again = await doppel([...words, '--force']);
  t.is(again.code, 7);
  t.regex(again.stdout, /could not be restored and stand as zeros:\n {2}\d+ bytes at offset \d+\n/);
});

test('a device with parts that cannot be read', async (t) => {
  const { folder, store } = await sampleStore();
  const file = join(folder, 'cut');
  await writeFile(file, Buffer.alloc(4 * 1024 ** 2, 'x'));
  const set = spawnSync('losetup', ['--find', '--show', file], { encoding: 'utf8' });
  if (set.status !== 0) return missing(t, 'needs losetup and the right to use it');
  const device = set.stdout.trim();
  t.teardown(() => {
    spawnSync('losetup', ['--detach', device]);
  });
  await truncate(file, 2 * 1024 ** 2);
  const failed = await doppel(['--store', store, 'capture', device, 'cut']);
  t.is(failed.code, 5, failed.stderr);
  const zero = ['--store', store, 'capture', device, 'cut', '--on-read-error', 'zero'];
  const result = await json<CaptureResult>(t, zero, 11);
  t.true(result.badRanges.length > 0);
  t.is(result.image!.badBytes, 2 * 1024 ** 2);
  const told = await doppel(zero);
  t.is(told.code, 11);
  t.regex(told.stdout, /could not be read and stand as zeros:\n/);
});
