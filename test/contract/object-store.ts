/** What every place for objects must do. */
import type { TestFn } from 'ava';
import type { ObjectStore } from '../../src/objects/object-store.js';
import { seededBytes } from '../support/seeded-disk.js';

const bytes = seededBytes('object', 100_000);
const name = (text: string) => seededBytes(text, 32).toString('hex');
const KEY = `images/${name('a').slice(0, 32)}`;

export function testObjectStore(test: TestFn, title: string, make: () => Promise<ObjectStore>): void {
  test(`${title}: get gives the whole, a part, the end, and never more than there is`, async (t) => {
    const store = await make();
    await store.put(KEY, bytes);
    t.deepEqual(await store.get(KEY), { bytes, size: bytes.length });
    const parts = [
      [{ offset: 10, length: 20 }, bytes.subarray(10, 30)],
      [{ offset: 99_990, length: 20 }, bytes.subarray(99_990)],
      [{ offset: 200_000, length: 20 }, bytes.subarray(bytes.length)],
      [{ last: 5 }, bytes.subarray(-5)],
      [{ last: 200_000 }, bytes],
    ] as const;
    for (const [range, expected] of parts) {
      const { bytes: found, size } = await store.get(KEY, range);
      t.true(found.equals(expected));
      t.is(size, bytes.length);
    }
    t.is(await store.size(KEY), bytes.length);
  });

  test(`${title}: what is not there is missing, not damaged`, async (t) => {
    const store = await make();
    await t.throwsAsync(store.get(KEY), { code: 'object-missing' });
    t.is(await store.size(KEY), undefined);
    await t.notThrowsAsync(store.delete(KEY));
    t.deepEqual(await store.list('images'), []);
  });

  test(`${title}: a claim is won once; the loser reads the winner`, async (t) => {
    const store = await make();
    const rivals = Array.from({ length: 8 }, (_, i) => Buffer.from(`rival ${i}`));
    const claims = await Promise.all(rivals.map((rival) => store.claim(KEY, rival)));
    t.is(claims.filter(({ won }) => won).length, 1);
    const winner = rivals[claims.findIndex(({ won }) => won)]!;
    for (const claim of claims) if (!claim.won) t.true(claim.winner.equals(winner));
    t.true((await store.get(KEY)).bytes.equals(winner));
  });

  test(`${title}: lists what is right below a folder, and deletes it`, async (t) => {
    const store = await make();
    const tag = `tags/${name('tag')}/0000000001`;
    await store.claim(tag, bytes);
    await store.put(KEY, bytes);
    t.deepEqual(await store.list('images'), [KEY]);
    t.deepEqual(await store.list('tags'), []);
    t.deepEqual(await store.list(`tags/${name('tag')}`), [tag]);
    await store.delete(KEY);
    t.deepEqual(await store.list('images'), []);
  });

  test(`${title}: an upload appears when it is finished, and leaves nothing when it is not`, async (t) => {
    const store = await make();
    const key = `packs/${name('pack').slice(0, 2)}/${name('pack')}`;
    const upload = await store.upload(name('lease').slice(0, 32));
    for (let at = 0; at < bytes.length; at += 30_000) await upload.append(bytes.subarray(at, at + 30_000));
    t.is(await store.size(key), undefined);
    await upload.finish(key);
    t.true((await store.get(key)).bytes.equals(bytes));
    await store.settle([key]);
    const dropped = await store.upload(name('lease').slice(0, 32));
    await dropped.append(bytes);
    await dropped.abort();
    await store.sweep();
    t.is(await store.size(key), bytes.length);
  });

  test(`${title}: a lease is held until it is released`, async (t) => {
    const store = await make();
    const key = `leases/${name('lease').slice(0, 32)}`;
    t.false(await store.isHeld(key));
    const hold = await store.hold(key, bytes);
    t.true(await store.isHeld(key));
    t.true((await store.get(key)).bytes.equals(bytes));
    await hold.release();
    t.false(await store.isHeld(key));
    t.is(await store.size(key), undefined);
  });
}
