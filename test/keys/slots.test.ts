/** Keys of an open store: what opens it, what does not any more, and what a change leaves as it is. */
import { randomBytes } from 'node:crypto';
import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { blake3 } from '../../src/hashing/blake3.js';
import type { Secret, Warning } from '../../src/index.js';
import { isWeakerThanToday, newKdf, openSlot, sealSlot } from '../../src/keys/passphrase.js';
import { decodeSlotSecret, encodeSlotSecret } from '../../src/keys/slot-secret.js';
import { encodeRecord, type Kdf, keySlotKey, toHex } from '../../store-format/index.js';
import { addKeyFile, storeWithKeys } from '../support/keyed-store.js';
import { inPieces, library, restoredBytes } from '../support/library-store.js';
import { vaultOf } from '../support/vault-of.js';

const DISK = randomBytes(300_000);

test('ten slots open one store, and all list the same', async (t) => {
  const { key, open } = await storeWithKeys(t);
  const first = await open(key);
  await first.capture(inPieces(DISK), 'web');
  const keys = [key];
  for (let n = 2; n <= 9; n++) keys.push(await addKeyFile(first, `key-${n}`));
  await first.keys!.add({ label: 'typed', passphrase: 'correct horse' });
  const secrets: (string | Secret)[] = [...keys, { kind: 'passphrase', passphrase: 'correct horse' }];
  for (const secret of secrets) {
    const store = await open(secret);
    const listed = store.keys!.list();
    t.is(listed.length, 10);
    t.is(listed.filter(({ inUse }) => inUse).length, 1);
    t.deepEqual(await restoredBytes(store, 'web'), DISK);
  }
});

test('the chunk index in the cache folder is for the user alone, whoever made the folder', async (t) => {
  const { location, key, open } = await storeWithKeys(t);
  const { storeId } = library.describeKey(key);
  const cache = join(dirname(location), 'cache', storeId);
  await (await open(key)).capture(inPieces(DISK), 'web');
  t.is(statSync(cache).mode & 0o777, 0o700);
  chmodSync(cache, 0o755);
  await (await open(key)).capture(inPieces(DISK), 'web');
  t.is(statSync(cache).mode & 0o777, 0o700);
});

test('a slot that was removed opens nothing', async (t) => {
  const { location, key, open } = await storeWithKeys(t);
  const store = await open(key);
  const lost = await addKeyFile(store, 'lost');
  await store.keys!.add({ label: 'typed', passphrase: 'battery staple' });
  t.is(readdirSync(join(location, 'keys')).length, 1);
  await open(lost);
  await open({ kind: 'passphrase', passphrase: 'battery staple' });
  t.like(await store.keys!.remove('lost'), { label: 'lost', kind: 'file' });
  await store.keys!.remove('typed');
  t.deepEqual(readdirSync(join(location, 'keys')), []);
  await t.throwsAsync(open(lost), { code: 'key-wrong', message: /opens this store no more/ });
  await t.throwsAsync(open({ kind: 'passphrase', passphrase: 'battery staple' }), { code: 'key-wrong' });
  t.is((await open(key)).keys!.list().length, 1);
});

test('the last key with full access stays, a label is given once, and a key is found by the start of its id', async (t) => {
  const { key, open } = await storeWithKeys(t);
  const { keys } = await open(key);
  await t.throwsAsync(keys!.remove(keys!.slot), {
    code: 'bad-setting',
    message: /last key with full access/,
  });
  await keys!.add({ label: 'a', onKey: async () => {} });
  await t.throwsAsync(keys!.add({ label: 'a', onKey: async () => {} }), { code: 'bad-setting' });
  await t.throwsAsync(keys!.remove('z'), { code: 'bad-setting', message: /no key "z"/ }); // no id begins so
  const { id } = keys!.list().find(({ label }) => label === 'a')!;
  t.is((await keys!.remove(id.slice(0, 6))).id, id);
});

test('a change of the passphrase writes no data anew, and the old one opens nothing', async (t) => {
  const { location, open } = await storeWithKeys(t, 'old one');
  const store = await open({ kind: 'passphrase', passphrase: 'old one' });
  await store.capture(inPieces(DISK), 'web');
  const data = () => readdirSync(join(location, 'packs'), { recursive: true }).sort();
  const before = data();
  const changed = await store.keys!.change({ passphrase: 'new one' });
  t.true(changed.inUse);
  t.deepEqual(
    store.keys!.list().map(({ id }) => id),
    [changed.id],
  );
  t.deepEqual(data(), before);
  await t.throwsAsync(open({ kind: 'passphrase', passphrase: 'old one' }), { code: 'key-wrong' });
  const again = await open({ kind: 'passphrase', passphrase: 'new one' });
  t.deepEqual(await restoredBytes(again, 'web'), DISK);
  let file = '';
  await again.keys!.change({
    onKey: async (text) => {
      file = text;
    },
  });
  t.is(again.keys!.text, file);
  await t.throwsAsync(open({ kind: 'passphrase', passphrase: 'new one' }), { code: 'key-wrong' });
  await open(file);
});

test('after a rotation all keys that are left open old and new images', async (t) => {
  const { key, open } = await storeWithKeys(t);
  const store = await open(key);
  const second = await addKeyFile(store, 'second');
  const removed = await addKeyFile(store, 'removed');
  await store.capture(inPieces(DISK), 'before');
  await store.keys!.remove('removed');
  t.deepEqual(await store.keys!.rotate(), { generation: 2, slots: 2 });
  const rotated = await open(key);
  const news = randomBytes(300_000);
  await rotated.capture(inPieces(news), 'after');
  for (const secret of [key, second]) {
    const other = await open(secret);
    t.deepEqual(await restoredBytes(other, 'before'), DISK);
    t.deepEqual(await restoredBytes(other, 'after'), news);
    t.deepEqual((await other.verify()).problems, []);
  }
  await t.throwsAsync(open(removed), { code: 'key-wrong' });
});

test('two who add at the same time both get their key', async (t) => {
  const { key, open } = await storeWithKeys(t);
  const [one, other] = [await open(key), await open(key)];
  const added = await Promise.all([
    ...[1, 2, 3].map((n) => addKeyFile(one, `one-${n}`)),
    ...[1, 2, 3].map((n) => addKeyFile(other, `other-${n}`)),
  ]);
  const store = await open(key);
  t.is(store.keys!.list().length, 7);
  for (const text of added) t.is((await open(text)).keys!.list().length, 7);
});

test('a key of another store, and text that is no key', async (t) => {
  const [mine, other] = [await storeWithKeys(t), await storeWithKeys(t)];
  await t.throwsAsync(mine.open(other.key), { code: 'key-wrong', message: /for another store/ });
  const typo = mine.key.replace(/.$/, (last) => (last === 'q' ? 'p' : 'q'));
  const error = await t.throwsAsync(mine.open(typo), { code: 'bad-key' });
  t.false(error!.message.includes(typo.slice(7, 20)), 'no secret in the message');
  const spaced = mine.key.toUpperCase().replace(/(.{5})/g, '$1 \n');
  t.deepEqual((await mine.open(spaced)).keys!.text, mine.key);
  t.deepEqual(library.describeKey(mine.key), {
    storeId: toHex(decodeSlotSecret(mine.key).storeId),
    slot: toHex(decodeSlotSecret(mine.key).slot),
  });
  t.is(encodeSlotSecret(decodeSlotSecret(mine.key)), mine.key);
});

const SALT = '5a'.repeat(32);

test('argon2id, by the smallest parameters that the format allows', async (t) => {
  const secret = decodeSlotSecret((await storeWithKeys(t)).key);
  const kdf: Kdf = { name: 'argon2id', salt: SALT, passes: 1, memoryKib: 8, lanes: 1 };
  const slot = await sealSlot(secret, kdf, 'Zoë');
  const opened = await openSlot(slot, secret.storeId, 'Zoë'.normalize('NFD'));
  t.is(encodeSlotSecret(opened!), encodeSlotSecret(secret));
  t.is(await openSlot(slot, secret.storeId, 'Zoe'), undefined);
  t.is(await openSlot(slot, randomBytes(16), 'Zoë'), undefined);
});

test('which parameters are weaker than those of today', (t) => {
  const scrypt = { name: 'scrypt', salt: SALT, n: 2 ** 17, r: 8, p: 1 } as const;
  const argon = { name: 'argon2id', salt: SALT, passes: 3, memoryKib: 2 ** 16, lanes: 4 } as const;
  const table: readonly [Kdf, boolean][] = [
    [scrypt, false],
    [{ ...scrypt, n: 2 ** 18 }, false],
    [{ ...scrypt, n: 2 ** 16 }, true],
    [{ ...scrypt, n: 2 ** 16, p: 4 }, true],
    [{ ...scrypt, n: 2 ** 16, r: 16 }, false],
    [argon, false],
    [{ ...argon, passes: 1, memoryKib: 2 ** 20 }, false],
    [{ ...argon, passes: 2 }, true],
    [{ ...argon, passes: 100, memoryKib: 2 ** 10 }, true],
    [newKdf('scrypt', randomBytes(32)), false],
    [newKdf('argon2id', randomBytes(32)), false],
  ];
  for (const [kdf, isWeak] of table) t.is(isWeakerThanToday(kdf), isWeak, JSON.stringify(kdf));
});

test('a passphrase with weaker parameters opens the store with a warning, until it is changed', async (t) => {
  const passphrase = { kind: 'passphrase', passphrase: 'from long ago' } as const;
  const { location, key, open } = await storeWithKeys(t, passphrase.passphrase);
  const weak: Kdf = { name: 'scrypt', salt: SALT, n: 2 ** 14, r: 8, p: 1 };
  const slot = await sealSlot(decodeSlotSecret(key), weak, passphrase.passphrase);
  const path = keySlotKey(slot.id);
  const { signAsOwner } = await vaultOf(location, key);
  writeFileSync(join(location, path), encodeRecord('key', path, slot, blake3, signAsOwner));
  const warnings: Warning[] = [];
  const store = await open(passphrase, warnings);
  t.deepEqual(
    warnings.map(({ code }) => code),
    ['weak-key'],
  );
  await store.keys!.change({ passphrase: passphrase.passphrase });
  const later: Warning[] = [];
  await open(passphrase, later);
  t.deepEqual(later, []);
});
