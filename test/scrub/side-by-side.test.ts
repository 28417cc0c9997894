/** Repairs that are killed, run twice at once, or beside captures and gc: at any moment of theirs. */
import test, { type ExecutionContext } from 'ava';
import { capture } from '../../src/capture/capture.js';
import type { Engine } from '../../src/engine/engine.js';
import { HeldLease } from '../../src/engine/lease.js';
import { StoreError } from '../../src/errors.js';
import { gc } from '../../src/gc/gc.js';
import { blake3 } from '../../src/hashing/blake3.js';
import type { ObjectStore } from '../../src/objects/object-store.js';
import { LostEntries } from '../../src/reachability/lost-entries.js';
import { MissingEntries } from '../../src/reachability/missing-entries.js';
import type { PackChecks } from '../../src/scrub/check-packs.js';
import { Repair } from '../../src/scrub/repair.js';
import { scrub } from '../../src/scrub/scrub.js';
import { decodeRecord, EntryKind, LostSchema } from '../../store-format/index.js';
import { WrappedStore } from '../simulation/wrapped-store.js';
import { inPieces } from '../support/library-store.js';
import { bytesOf, type StoreInMemory } from '../support/memory-engine.js';
import { seededBytes } from '../support/seeded-disk.js';
import { DyingStore, flip, flipFrame, Killed, packsOf, type ScrubStore, scrubStore } from './scrub-store.js';

/** Requests with which a process opens a store. */
const OPENING = 4;
const NAMES = ['old', 'web', 'mail'] as const;

/** Which images come back byte for byte. */
async function wholeOnes({ disks, images }: ScrubStore, store: StoreInMemory): Promise<string[]> {
  const engine = await store.process();
  const whole: string[] = [];
  for (const name of NAMES) {
    const bytes = await bytesOf(engine, images[name].publication).catch(unlessStoreError);
    if (bytes?.equals(disks[name])) whole.push(name);
  }
  return whole;
}

function unlessStoreError(error: unknown): undefined {
  if (!(error instanceof StoreError)) throw error;
  return undefined;
}

/** mail's data pack without a footer, web's with a spoiled frame; its meta pack is gone. old is whole. */
function hurt(prepared: ScrubStore): StoreInMemory {
  const { images } = prepared;
  const store = prepared.store.copy();
  const [mail, web, meta] = [
    packsOf(store, 'data', images.mail)[0]!,
    packsOf(store, 'data', images.web)[0]!,
    packsOf(store, 'meta', images.web)[0]!,
  ];
  flip(store, mail, -300);
  flipFrame(store, web);
  store.place.objects.delete(meta);
  return store;
}

const rangesIn = async (store: StoreInMemory) =>
  (await store.scrub()).problems.map(({ image, offset, length }) => `${image} ${offset} ${length}`).sort();

/** Kills a repair at every few requests, and hands on what it left. */
async function killedRepairs(
  prepared: ScrubStore,
  mirror: StoreInMemory | undefined,
  each: (left: StoreInMemory, at: number) => Promise<void>,
): Promise<number> {
  const other = mirror && (() => mirror.process());
  for (let kills = 0, at = OPENING; ; kills++, at += 5) {
    const store = hurt(prepared);
    const engine = await store.process({ wrap: (real) => new DyingStore(real, at) });
    const ended = await scrub(engine, { repair: true }, other).then(
      () => true,
      (error: unknown) => {
        if (!(error instanceof Killed)) throw error;
        return false;
      },
    );
    if (ended) return kills;
    store.place.held.clear();
    await each(store, at);
  }
}

test('killed at any moment, a repair has taken nothing away, and the next one ends it', async (t) => {
  const prepared = await scrubStore();
  const before = await wholeOnes(prepared, hurt(prepared));
  const done = hurt(prepared);
  await done.scrub({ repair: true });
  const whole = await wholeOnes(prepared, done);
  const lost = await rangesIn(done);
  const kills = await killedRepairs(prepared, undefined, async (store, at) => {
    const now = await wholeOnes(prepared, store);
    for (const name of before) t.true(now.includes(name), `${name}, killed at request ${at}`);
    await gc(await store.process(), { waitMs: 0 }).catch(unlessStoreError);
    for (const name of before) t.true((await wholeOnes(prepared, store)).includes(name), `gc after ${at}`);
    await store.scrub({ repair: true });
    t.deepEqual(await wholeOnes(prepared, store), whole, `killed at request ${at}`);
    t.deepEqual(await rangesIn(store), lost, `killed at request ${at}`);
    await store.gc();
    t.deepEqual(await wholeOnes(prepared, store), whole);
    t.deepEqual(store.place.keysIn('leases'), []);
  });
  t.true(kills > 10, `${kills} kills`);
});

test('killed at any moment, a repair from a mirror is ended by the next one, and all is whole', async (t) => {
  const prepared = await scrubStore();
  const kills = await killedRepairs(prepared, prepared.store.copy(), async (store, at) => {
    await gc(await store.process(), { waitMs: 0 }).catch(unlessStoreError);
    const { problems } = await store.scrub({ repair: true }, prepared.store.copy());
    t.deepEqual(problems, [], `killed at request ${at}`);
    await store.gc();
    t.deepEqual(await wholeOnes(prepared, store), [...NAMES]);
    t.deepEqual((await store.scrub()).problems, []);
  });
  t.true(kills > 10, `${kills} kills`);
});

test('two repairs at once end with the same images as one', async (t) => {
  const prepared = await scrubStore();
  const one = hurt(prepared);
  await one.scrub({ repair: true });
  const two = hurt(prepared);
  const results = await Promise.all([two.scrub({ repair: true }), two.scrub({ repair: true })]);
  t.deepEqual(await wholeOnes(prepared, two), await wholeOnes(prepared, one));
  t.deepEqual(await rangesIn(two), await rangesIn(one));
  const packs = new Set(two.place.keysIn('damaged')).size;
  t.is(
    results[0]!.repair!.emptiedPacks + results[1]!.repair!.emptiedPacks,
    packs,
    'each is set aside by one',
  );
  await two.gc();
  t.deepEqual(await wholeOnes(prepared, two), await wholeOnes(prepared, one));
  const healed = hurt(prepared);
  const mirror = prepared.store.copy();
  await Promise.all([healed.scrub({ repair: true }, mirror), healed.scrub({ repair: true }, mirror)]);
  t.deepEqual((await healed.scrub()).problems, []);
  await healed.gc();
  t.deepEqual(await wholeOnes(prepared, healed), [...NAMES]);
});

/** Does something once, before the n-th request. */
class Interrupted extends WrappedStore {
  requests = 0;
  /** Listings of `damaged/` before the interruption: a capture makes its last one before it publishes. */
  listings = 0;

  constructor(
    real: ObjectStore,
    private readonly at: number,
    private readonly work: () => Promise<void>,
  ) {
    super(real);
  }

  async #step(folder = ''): Promise<void> {
    this.requests++;
    if (this.requests === this.at) await this.work();
    if (this.requests < this.at && folder === 'damaged') this.listings++;
  }

  override async get(...args: Parameters<ObjectStore['get']>) {
    await this.#step();
    return super.get(...args);
  }
  override async list(folder: string) {
    await this.#step(folder);
    return super.list(folder);
  }
  override async claim(key: string, bytes: Uint8Array) {
    await this.#step();
    return super.claim(key, bytes);
  }
  override async hold(key: string, bytes: Uint8Array) {
    await this.#step();
    return super.hold(key, bytes);
  }
}

/** Interrupts the work of a process at each of its requests in turn, each time in a fresh copy. */
async function atEachRequest(
  make: () => StoreInMemory,
  work: (engine: Engine) => Promise<unknown>,
  interrupt: (store: StoreInMemory) => Promise<void>,
  check: (store: StoreInMemory, interrupted: Interrupted, error: unknown) => Promise<void>,
  step: number,
): Promise<void> {
  for (let at = 3; ; at += step) {
    const store = make();
    let interrupted: Interrupted | undefined;
    const wrap = (real: ObjectStore) => {
      interrupted = new Interrupted(real, at, () => interrupt(store));
      return interrupted;
    };
    const engine = await store.process({ wrap });
    const error = await work(engine).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (interrupted!.requests < at) return;
    await check(store, interrupted!, error);
  }
}

test('a capture never publishes an image that lacks what a repair has set aside meanwhile', async (t) => {
  const prepared = await scrubStore();
  const later = Buffer.from(prepared.disks.mail);
  seededBytes('mail later', 20_000).copy(later, 700_000);
  const outcomes = new Set<string>();
  const interrupt = async (store: StoreInMemory) => {
    const [pack] = packsOf(store, 'data', prepared.images.mail);
    flipFrame(store, pack!);
    flip(store, pack!, -300);
    await store.scrub({ repair: true });
  };
  await atEachRequest(
    () => prepared.store.copy(),
    (engine) => capture(engine, inPieces(later), 'mail', {}),
    interrupt,
    async (store, { listings }, error) => {
      if (error !== undefined) {
        outcomes.add((error as StoreError).code);
        t.is((error as StoreError).code, 'conflict');
        await store.capture(later, 'mail');
      } else outcomes.add('published');
      if (error === undefined && listings >= 2) return; // damaged after its last look: the next scrub tells
      const { images } = await (await store.process()).library.load();
      const newest = images.filter(({ name }) => name === 'mail').at(-1)!;
      const bytes = await bytesOf(await store.process(), newest.publication);
      t.true(bytes.equals(later));
      t.true((await wholeOnes(prepared, store)).includes('old'));
      await store.gc();
      t.true((await bytesOf(await store.process(), newest.publication)).equals(later));
    },
    2,
  );
  t.deepEqual([...outcomes].sort(), ['conflict', 'published']);
});

test('gc at any moment of a repair takes nothing that the repair saves', async (t) => {
  const prepared = await scrubStore();
  const once = hurt(prepared);
  await once.scrub({ repair: true });
  const whole = await wholeOnes(prepared, once);
  await runBesideGc(t, prepared, undefined, whole);
});

test('gc at any moment of a repair from a mirror: all is whole at its end, or after one more', async (t) => {
  const prepared = await scrubStore();
  await runBesideGc(t, prepared, prepared.store.copy(), [...NAMES]);
});

async function runBesideGc(
  t: ExecutionContext,
  prepared: ScrubStore,
  mirror: StoreInMemory | undefined,
  whole: readonly string[],
): Promise<void> {
  const other = mirror && (() => mirror.process());
  await atEachRequest(
    () => hurt(prepared),
    (engine) => scrub(engine, { repair: true }, other),
    async (store) => {
      await store.gc({ graceMs: 0 }).catch(unlessStoreError);
    },
    async (store, { requests }, error) => {
      t.is(error, undefined, `gc at request ${requests}`);
      t.deepEqual(await wholeOnes(prepared, store), whole);
      await store.gc({ graceMs: 0 });
      t.deepEqual(await wholeOnes(prepared, store), whole);
    },
    5,
  );
}

test('what is given up may take several records; a repair killed between them is gone on with', async (t) => {
  const { store } = await scrubStore();
  const missing = new MissingEntries();
  for (let i = 0; i < 10; i++) missing.add(EntryKind.chunk, seededBytes(`lost ${i}`, 32));
  const giveUp = async (objects: (real: ObjectStore) => ObjectStore) => {
    const engine = await store.process({ wrap: objects });
    const lease = await HeldLease.take(engine.objects, engine.environment, 'scrub');
    const checks = { unsound: new Map() } as unknown as PackChecks;
    const findNeeds = () => Promise.reject(new Error('not asked'));
    const parts = { engine, lease: lease.id, checks, other: undefined, findNeeds, lostPerRecord: 3 };
    await new Repair(parts, {}).giveUp(missing);
  };
  await t.throwsAsync(
    giveUp((real) => new DyingStore(real, OPENING + 4)),
    { instanceOf: Killed },
  );
  const first = store.place.keysIn('lost').length;
  t.true(first > 0 && first < 4);
  await giveUp((real) => real);
  const all = store.place
    .keysIn('lost')
    .flatMap((key) => decodeRecord('lost', key, store.place.objects.get(key)!, LostSchema, blake3).entries);
  t.is(all.length, 10, 'nothing twice');
  const lost = await LostEntries.read((await store.process()).objects);
  for (const { kind, id } of missing) t.true(lost.excuses(kind, Buffer.from(id, 'hex')));
});
