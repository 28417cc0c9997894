/** The store against a model that keeps every image as a buffer: whatever is done in whatever order, both say the same. */
import test from 'ava';
import fc from 'fast-check';
import type { Image } from '../../src/index.js';
import {
  inPieces,
  type LibraryStore,
  newLibraryStore,
  openLibraryStore,
  restoredBytes,
} from '../support/library-store.js';
import { editedDisk, seededDisk } from '../support/seeded-disk.js';

const KIB = 1024;

interface Kept {
  readonly image: Image;
  readonly bytes: Buffer;
  removed: boolean;
}

interface Model {
  readonly images: Kept[];
  readonly tags: Map<string, Kept>;
}

const NAMES = ['web', 'mail'] as const;
const TAGS = ['stable', 'old'] as const;

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('capture' as const),
      name: fc.constantFrom(...NAMES),
      seed: fc.nat(4),
      from: fc.option(fc.nat(20)),
      kib: fc.nat(2600),
      tag: fc.option(fc.constantFrom(...TAGS)),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restore' as const), pick: fc.nat(20) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      pick: fc.nat(20),
      offset: fc.nat(2700 * KIB),
      length: fc.nat(300 * KIB),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), pick: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('undelete' as const), pick: fc.nat(20) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('tag' as const),
      pick: fc.nat(20),
      tag: fc.constantFrom(...TAGS),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Run {
  readonly model: Model = { images: [], tags: new Map() };

  constructor(
    private opened: LibraryStore,
    private readonly reopen: (location: string) => Promise<LibraryStore>,
  ) {}

  get store() {
    return this.opened.store;
  }

  pick(n: number, removed: boolean): Kept | undefined {
    const among = this.model.images.filter((kept) => kept.removed === removed);
    return among[n % Math.max(1, among.length)];
  }

  async take(action: Step): Promise<void> {
    if (action.do === 'reopen') {
      await this.store.close();
      this.opened = await this.reopen(this.opened.location);
    } else if (action.do === 'capture') await this.capture(action);
    else if (action.do === 'undelete') {
      const kept = this.pick(action.pick, true);
      if (kept === undefined) return;
      await this.store.undelete(`@${kept.image.id}`);
      kept.removed = false;
    } else await this.use(action);
  }

  async capture({ name, seed, from, kib, tag }: Extract<Step, { do: 'capture' }>): Promise<void> {
    const parent = from === null ? undefined : this.pick(from, false);
    const bytes =
      parent === undefined
        ? seededDisk(`${seed}`, kib * KIB + seed)
        : editedDisk(parent.bytes, `${seed} ${kib}`);
    const { image } = await this.store.capture(inPieces(bytes), name, tag === null ? {} : { tag });
    const kept = { image: image!, bytes, removed: false };
    this.model.images.push(kept);
    if (tag !== null) this.model.tags.set(`${name}:${tag}`, kept);
  }

  async use(action: Exclude<Step, { do: 'capture' | 'reopen' | 'undelete' }>): Promise<void> {
    const kept = this.pick(action.pick, false);
    if (kept === undefined) return;
    const reference = `@${kept.image.id}`;
    if (action.do === 'restore') same(await restoredBytes(this.store, reference), kept.bytes, reference);
    else if (action.do === 'read') {
      const reader = await this.store.openImage(reference);
      try {
        const part = await reader.read(action.offset, action.length);
        same(Buffer.from(part), kept.bytes.subarray(action.offset, action.offset + action.length), reference);
      } finally {
        await reader.close();
      }
    } else if (action.do === 'remove') {
      await this.store.remove(reference);
      kept.removed = true;
    } else {
      await this.store.tag(reference, action.tag);
      this.model.tags.set(`${kept.image.name}:${action.tag}`, kept);
    }
  }

  /** Lists, references and tags say what the model says. */
  async compare(): Promise<void> {
    for (const removed of [false, true]) {
      const listed = await this.store.images({ removed });
      const kept = this.model.images.filter((one) => one.removed === removed).map(({ image }) => image.id);
      equal(listed.map(({ id }) => id).sort(), kept.sort());
    }
    for (const name of NAMES) {
      const live = this.model.images.filter((kept) => !kept.removed && kept.image.name === name);
      for (const [i, { image }] of [...live].reverse().entries()) {
        equal((await this.store.image(`${name}~${i}`)).id, image.id);
      }
    }
    for (const [reference, { image, removed }] of this.model.tags) {
      if (!removed) equal((await this.store.image(reference)).id, image.id);
    }
    equal((await this.store.verify()).problems, []);
  }
}

function same(found: Buffer, expected: Buffer, what: string): void {
  if (!found.equals(expected))
    throw new Error(`${what} gave other bytes (${found.length}, not ${expected.length})`);
}

function equal(found: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${a}, expected ${b}`);
}

test('any sequence of operations', async (t) => {
  const seed = Number(process.env.DOPPEL_SEED ?? Date.now() % 2 ** 31);
  t.log(`DOPPEL_SEED=${seed}`);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
      const run = new Run(await newLibraryStore(t), (location) => openLibraryStore(t, location));
      for (const action of steps) await run.take(action);
      await run.compare();
      await run.store.close();
    }),
    { seed, numRuns: 8, endOnFailure: true, includeErrorInReport: true },
  );
  t.pass();
});
