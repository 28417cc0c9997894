/** What a scrub notes about packs that are sound, and how the next one goes on with it. */
import test from 'ava';
import type { ByteRange, Fetched, ObjectStore } from '../../src/objects/object-store.js';
import { scrub } from '../../src/scrub/scrub.js';
import { WrappedStore } from '../simulation/wrapped-store.js';
import type { StoreInMemory } from '../support/memory-engine.js';
import { DyingStore, flipFrame, Killed, packsOf, scrubStore } from './scrub-store.js';

/** A clock by which half a minute passes between any two looks: each pack gets a note of its own. */
function hastyClock(): () => number {
  let ms = 0;
  return () => {
    ms += 31_000;
    return ms;
  };
}

/** Tells of packs as they are read. */
class Watched extends WrappedStore {
  constructor(
    real: ObjectStore,
    private readonly onPack: (key: string) => void,
  ) {
    super(real);
  }

  override get(key: string, range?: ByteRange): Promise<Fetched> {
    if (key.startsWith('packs/') && range === undefined) this.onPack(key);
    return super.get(key, range);
  }
}

test('what was checked is passed by when the scrub is resumed, and by its age', async (t) => {
  const { store } = await scrubStore();
  const first = await store.scrub();
  t.is(first.checkedPacks, first.packs);
  t.is((await store.scrub({ resume: true })).checkedPacks, 0);
  t.is((await store.scrub({ olderThanMs: 3600_000 })).checkedPacks, 0);
  const later = await store.process({ hoursLater: 2 });
  t.is((await scrub(later, { olderThanMs: 3600_000 })).checkedPacks, first.packs);
  t.is((await store.scrub()).checkedPacks, first.packs, 'without any of these all is read');
  const dry = await store.scrub({ resume: true, dryRun: true });
  t.deepEqual([dry.checkedPacks, dry.checkedBytes], [0, 0]);
});

test('whoever decoded has read the bytes, too; not the other way round', async (t) => {
  const { store } = await scrubStore();
  const other = store.copy();
  const { packs } = await store.scrub({ depth: 'stored' });
  t.is((await store.scrub({ olderThanMs: 3600_000 })).checkedPacks, packs);
  await other.scrub();
  t.is((await other.scrub({ depth: 'stored', olderThanMs: 3600_000 })).checkedPacks, 0);
});

test('a damaged pack is read again by every scrub', async (t) => {
  const { store } = await scrubStore();
  flipFrame(store, packsOf(store, 'data')[0]!);
  await store.scrub();
  const again = await store.scrub({ resume: true });
  t.is(again.checkedPacks, 1);
  t.is(again.damagedPacks.length, 1);
});

test('fractions go through the store in turn', async (t) => {
  const { store } = await scrubStore();
  const read = new Set<string>();
  const { packs } = await store.scrub({ dryRun: true });
  for (let run = 0; run < packs; run++) {
    const engine = await store.process({ wrap: (real) => new Watched(real, (key) => read.add(key)) });
    t.true((await scrub(engine, { fraction: 0.01 })).checkedPacks >= 1);
  }
  t.is(read.size, packs);
});

test('stopped at any pack, it goes on where it was', async (t) => {
  const { store: prepared } = await scrubStore();
  const { packs } = await prepared.scrub({ dryRun: true });
  for (let stopAt = 1; stopAt <= packs; stopAt++) {
    const store = prepared.copy();
    const controller = new AbortController();
    const reason = new Error('stop');
    let count = 0;
    const onPack = () => ++count === stopAt && controller.abort(reason);
    const engine = await store.process({ wrap: (real) => new Watched(real, onPack) });
    await t.throwsAsync(scrub(engine, { signal: controller.signal }), { is: reason });
    const { checkedPacks } = await store.scrub({ resume: true });
    t.true(
      checkedPacks >= 1 && checkedPacks <= packs - stopAt + 2,
      `${checkedPacks} after a stop at ${stopAt}`,
    );
    t.deepEqual(store.place.keysIn('leases'), []);
  }
});

test('killed at any request, what was noted counts, and nothing else is left but a lease', async (t) => {
  const { store: prepared } = await scrubStore();
  const { packs } = await prepared.scrub({ dryRun: true });
  let noted = 0;
  for (let requests = 1; ; requests += 3) {
    const store = prepared.copy();
    let dying: DyingStore | undefined;
    const wrap = (real: ObjectStore) => {
      dying = new DyingStore(real, 4 + requests); // opening the store reads its config
      return dying;
    };
    const engine = await store.process({ wrap, monotonic: hastyClock() });
    const run = scrub(engine, {});
    if (await run.then(() => true, isKilled)) break;
    store.place.held.clear();
    const now = store.place.keysIn('attested').length;
    t.true(now >= noted);
    noted = now;
    t.is((await store.scrub({ resume: true })).checkedPacks, packs - noted, `killed at request ${requests}`);
    t.is((await store.gc()).waitingPacks, 0);
    t.deepEqual(store.place.keysIn('leases'), []);
  }
  t.is(noted, packs);
});

/** @returns false: it did not come to its end */
function isKilled(error: unknown): boolean {
  if (!(error instanceof Killed)) throw error;
  return false;
}

test('a store that cannot be written is scrubbed, and nothing is noted', async (t) => {
  const { store } = await scrubStore();
  flipFrame(store, packsOf(store, 'data')[0]!);
  const before = contentOf(store);
  store.place.readOnly = true;
  const { problems, damagedPacks, checkedPacks, packs } = await store.scrub();
  t.is(checkedPacks, packs);
  t.is(damagedPacks.length, 1);
  t.true(problems.length > 1);
  t.deepEqual(contentOf(store), before);
  await t.throwsAsync(store.scrub({ repair: true }), { code: 'store-read-only' });
  t.deepEqual(contentOf(store), before);
});

const contentOf = ({ place }: StoreInMemory) => new Map(place.objects);

test('a scrub with a rate is not quicker than that', async (t) => {
  const { store } = await scrubStore();
  const bytesPerSecond = 800_000;
  for (const depth of ['decoded', 'stored'] as const) {
    const { checkedBytes, packBytes, seconds, problems } = await store.scrub({ bytesPerSecond, depth });
    t.is(checkedBytes, packBytes);
    t.true(seconds >= checkedBytes / bytesPerSecond, `${checkedBytes} bytes in ${seconds} s`);
    t.deepEqual(problems, []);
  }
});

test('stored depth decodes nothing and finds a flip all the same', async (t) => {
  const { store } = await scrubStore();
  t.is((await store.scrub({ depth: 'stored' })).checkedEntries, 0);
  for (const kind of ['data', 'meta'] as const) {
    const hurt = store.copy();
    const [key] = packsOf(hurt, kind);
    flipFrame(hurt, key!);
    const { damagedPacks, problems } = await hurt.scrub({ depth: 'stored' });
    t.deepEqual(
      damagedPacks.map(({ object }) => object),
      [key],
    );
    t.true(damagedPacks[0]!.badEntries > 0);
    t.true(problems.some(({ code }) => code === 'chunk-missing'));
  }
});
