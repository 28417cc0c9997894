/**
 * What a server sees of disks that differ in single chunk boundaries: the lengths of all objects, and of all ranges that are
 * asked for. Nothing differs but classes of lengths (SPEC.md, "Padding").
 */
import test from 'ava';
import { createCutter } from '../../src/chunking/cut.js';
import { openResolved } from '../../src/contents/open-contents.js';
import { readRange } from '../../src/contents/read-range.js';
import type { ByteRange, ObjectStore } from '../../src/objects/object-store.js';
import { type ChunkerParameters, KIB, paddedBytes, SEGMENT_BYTES } from '../../store-format/index.js';
import { StoreInMemory } from '../support/memory-engine.js';
import { seededBytes, seededDisk, seededNumbers } from '../support/seeded-disk.js';

const SEGMENTS = 4;
const VARIANTS = 12;
/** Bytes before a boundary that are drawn anew: they decide about it. */
const DECISIVE_BYTES = 64;
const seed = process.env.DOPPEL_SEED ?? String(Date.now());

interface Seen {
  /** Folder and length of each object. */
  readonly objects: readonly string[];
  /** Folder and range of each read, in order. */
  readonly requests: readonly string[];
}

const folderOf = (key: string): string => key.slice(0, key.indexOf('/'));

/** Notes what is asked for, as whoever holds the objects can. */
function watched(objects: ObjectStore, requests: string[]): ObjectStore {
  const get = (key: string, range?: ByteRange) => {
    requests.push(`${folderOf(key)} ${range === undefined ? 'all' : Object.values(range).join('+')}`);
    return objects.get(key, range);
  };
  return new Proxy(objects, {
    get: (real, property) => {
      if (property === 'get') return get;
      const value: unknown = Reflect.get(real, property);
      return typeof value === 'function' ? value.bind(real) : value;
    },
  });
}

/** Captures the disk into a copy of the store, and reads it back: some blocks, then all. */
async function see(made: StoreInMemory, disk: Buffer): Promise<Seen> {
  const store = made.copy();
  await store.capture(disk, 'web');
  const objects = Array.from(store.place.objects, ([key, { length }]) => `${folderOf(key)} ${length}`).sort();
  const requests: string[] = [];
  const engine = await store.process({ wrap: (place) => watched(place, requests) });
  const { images } = await engine.library.load();
  const open = await openResolved(engine, [images[0]!], {});
  const { contents } = open.images[0]!;
  const read = (offset: number, length: number) => readRange(engine, open.catalog, contents, offset, length);
  for (let at = 0; at < disk.length; at += 37 * 4 * KIB) await read(at, 4 * KIB);
  const all = await read(0, disk.length);
  await open.release();
  if (!disk.equals(all)) throw new Error('other bytes came back');
  return { objects, requests };
}

/** Where chunks end, in each segment: what nobody may see. */
function boundaries(disk: Buffer, chunker: ChunkerParameters): readonly (readonly number[])[] {
  const cutter = createCutter(chunker);
  return Array.from({ length: SEGMENTS }, (_, n) => {
    cutter.load(disk.subarray(n * SEGMENT_BYTES, (n + 1) * SEGMENT_BYTES));
    const ends: number[] = [];
    for (let at = 0; at < SEGMENT_BYTES; at = ends.at(-1)!) ends.push(cutter.cut(at, SEGMENT_BYTES));
    return ends;
  });
}

/** The disk with one boundary elsewhere, and all others where they were. */
function withOneMoved(disk: Buffer, chunker: ChunkerParameters, random: () => number): Buffer {
  const before = boundaries(disk, chunker);
  for (let round = 0; ; round++) {
    const segment = Math.floor(random() * SEGMENTS);
    const ends = before[segment]!;
    const end = segment * SEGMENT_BYTES + ends[Math.floor(random() * (ends.length - 1))]!;
    const moved = Buffer.from(disk);
    seededBytes(`${seed} ${end} ${round}`, DECISIVE_BYTES).copy(moved, end - DECISIVE_BYTES);
    const after = boundaries(moved, chunker);
    const isMoved = after[segment]!.filter((each, i) => each !== ends[i]).length === 1;
    if (isMoved && after[segment]!.length === ends.length) return moved;
  }
}

test('one chunk boundary more to the left or right: nobody sees a difference', async (t) => {
  t.log(`DOPPEL_SEED=${seed}`);
  const random = seededNumbers(seed);
  // Frames end where segments end, so a boundary inside of one moves within a frame.
  const store = await StoreInMemory.makeKeyed({ frameBytes: SEGMENT_BYTES });
  const { chunker } = await store.process();
  const disk = seededBytes(seed, SEGMENTS * SEGMENT_BYTES);
  const seen = await see(store, disk);
  t.true(seen.requests.filter((request) => request.startsWith('packs ')).length > 2 * SEGMENTS);
  for (let n = 0; n < VARIANTS; n++) {
    const moved = withOneMoved(disk, chunker, random);
    t.notDeepEqual(boundaries(moved, chunker), boundaries(disk, chunker));
    t.deepEqual(await see(store, moved), seen);
  }
});

test('whatever the disk holds, packs and the frames that are asked for have lengths of classes', async (t) => {
  t.log(`DOPPEL_SEED=${seed}`);
  const store = await StoreInMemory.makeKeyed({ frameBytes: 256 * KIB });
  const tails = new Set<string>();
  for (let n = 0; n < 4; n++) {
    const { objects, requests } = await see(store, seededDisk(`${seed} ${n}`, 3 * SEGMENT_BYTES + 4097 * n));
    for (const [, length] of objects
      .filter((each) => each.startsWith('packs '))
      .map((each) => each.split(' ')))
      t.is(paddedBytes(Number(length), 64 * KIB), Number(length));
    for (const request of requests.filter((each) => each.startsWith('packs '))) {
      const [offset, length] = request.slice('packs '.length).split('+').map(Number);
      if (length === undefined)
        tails.add(request); // the end of a pack, with its footer
      else t.is(paddedBytes(length, 64 * KIB), length, `${request} ${offset}`);
    }
  }
  t.is(tails.size, 1);
});

test('a store without keys shows such a difference: it would be seen', async (t) => {
  const store = await StoreInMemory.make({ frameBytes: SEGMENT_BYTES });
  const { chunker } = await store.process();
  const disk = seededBytes(seed, SEGMENTS * SEGMENT_BYTES).map((byte) => byte & 0x0f) as Buffer; // compresses by half
  const moved = withOneMoved(disk, chunker, seededNumbers(seed));
  const packs = ({ objects }: Seen) => objects.filter((each) => each.startsWith('packs '));
  t.notDeepEqual(packs(await see(store, moved)), packs(await see(store, disk)));
});
