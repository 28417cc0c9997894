/** What every chunk index must do. */
import type { TestFn } from 'ava';
import type { ChunkIndex, NewPack } from '../../src/chunk-index/chunk-index.js';
import { type LeaseId, type PackFooter, type PackId, PackKind } from '../../store-format/index.js';
import { seededBytes } from '../support/seeded-disk.js';

export const packIdOf = (name: string): PackId => seededBytes(`pack ${name}`, 32).toString('hex') as PackId;
export const idsOf = (name: string, count: number): Buffer => seededBytes(`ids ${name}`, 32 * count);

/** A footer with these entries; an index looks at lengths and ids alone. */
export function footerOf(ids: Buffer): PackFooter {
  const entries = ids.length / 32;
  const lengths = Uint32Array.from({ length: entries }, (_, i) => i + 1);
  const lease = '0'.repeat(32) as LeaseId;
  return { kind: PackKind.data, salt: new Uint8Array(32), lease, frames: [], lengths, ids };
}

export async function* packsNamed(
  names: readonly string[],
  ids: (name: string) => Buffer,
): AsyncGenerator<NewPack> {
  for (const name of names) yield { id: packIdOf(name), footer: footerOf(ids(name)) };
}

export function testChunkIndex(test: TestFn, name: string, make: () => Promise<ChunkIndex>): void {
  test(`${name}: finds what was added, under its pack and number`, async (t) => {
    const index = await make();
    const ids = idsOf('a', 3000);
    await index.add(packIdOf('a'), footerOf(ids), { fresh: true });
    for (let i = 0; i < 3000; i += 7) {
      t.deepEqual(index.find(ids, 32 * i), [{ pack: packIdOf('a'), ordinal: i }]);
    }
    t.deepEqual([...index.packs], [packIdOf('a')]);
    t.deepEqual(index.find(idsOf('other', 1), 0), []);
    await index.close();
  });

  test(`${name}: keeps all places of an id`, async (t) => {
    const index = await make();
    const ids = idsOf('a', 10);
    await index.add(packIdOf('a'), footerOf(ids));
    await index.add(packIdOf('b'), footerOf(Buffer.concat([idsOf('b', 5), ids])));
    await index.add(packIdOf('b'), footerOf(ids)); // known: nothing happens
    const places = [...index.find(ids, 32 * 4)].sort((x, y) => x.ordinal - y.ordinal);
    t.deepEqual(places, [
      { pack: packIdOf('a'), ordinal: 4 },
      { pack: packIdOf('b'), ordinal: 9 },
    ]);
    t.is(index.packs.size, 2);
    await index.close();
  });

  test(`${name}: packs that are added at once do not mix`, async (t) => {
    const index = await make();
    const names = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(
      names.map((one) => index.add(packIdOf(one), footerOf(idsOf(one, 100)), { fresh: true })),
    );
    for (const one of names) {
      t.deepEqual(index.find(idsOf(one, 100), 32 * 99), [{ pack: packIdOf(one), ordinal: 99 }]);
    }
    await index.close();
  });

  for (const before of [0, 1]) {
    test(`${name}: takes in many packs at once, ${before} being known before`, async (t) => {
      const index = await make();
      const shared = idsOf('shared', 2);
      const names = Array.from({ length: 40 }, (_, i) => `pack ${i}`);
      const idsIn = (one: string) => Buffer.concat([idsOf(one, 300), shared]);
      if (before > 0) await index.add(packIdOf('first'), footerOf(shared));
      const shares: number[] = [];
      await index.addAll(packsNamed(names, idsIn), {
        expectedPacks: names.length,
        onProgress: (share) => shares.push(share),
      });
      t.is(index.packs.size, names.length + before);
      t.is(shares.at(-1), 1);
      t.deepEqual(
        shares,
        shares.toSorted((a, b) => a - b),
      );
      for (const one of names) {
        for (const ordinal of [0, 150, 299]) {
          t.deepEqual(index.find(idsOf(one, 300), 32 * ordinal), [{ pack: packIdOf(one), ordinal }]);
        }
      }
      const places = index.find(shared, 32).map(({ pack, ordinal }) => `${pack} ${ordinal}`);
      const expected = names.map((one) => `${packIdOf(one)} 301`);
      if (before > 0) expected.push(`${packIdOf('first')} 1`);
      t.deepEqual(places.toSorted(), expected.toSorted());
      await index.close();
    });
  }

  test(`${name}: forgets everything when told to, and can be filled again`, async (t) => {
    const index = await make();
    const ids = idsOf('a', 10);
    await index.add(packIdOf('a'), footerOf(ids));
    await index.clear();
    t.is(index.packs.size, 0);
    t.deepEqual(index.find(ids, 0), []);
    await index.add(packIdOf('b'), footerOf(ids));
    t.deepEqual(index.find(ids, 32), [{ pack: packIdOf('b'), ordinal: 1 }]);
    t.true((await index.size()) >= 0);
    await index.close();
  });
}
