/** Guessing from an earlier image never changes what a segment's recipe is. */
import test from 'ava';
import fc from 'fast-check';
import { createChunker, scanSegment } from '../../src/chunking/scan-segment.js';
import { blake3 } from '../../src/hashing/blake3.js';
import { decodeRecipe } from '../../store-format/index.js';
import { holds } from '../format/oracle.js';
import { seededBytes } from '../support/seeded-disk.js';

const KIB = 1024;
const SEGMENT = 256 * KIB; // a short one: a property that runs often
const DEFAULT = { minBytes: 4096, averageBytes: 16_384, maxBytes: 65_536, holeBlocks: 1 };
/** Small chunks and large holes: more edges of every kind per run. */
const SMALL = { minBytes: 256, averageBytes: 1024, maxBytes: 2048, holeBlocks: 2 };

const chunkers = [DEFAULT, SMALL].map((parameters) =>
  createChunker({ algorithm: 'fastcdc', gearSeed: '0'.repeat(64), ...parameters }, blake3),
);

const base = seededBytes('prediction', 4 * SEGMENT);
/** Runs of one byte end chunks by their length alone, and repeats make equal chunks. */
base.fill(7, 100 * KIB, 180 * KIB);
base.copy(base, 200 * KIB, 20 * KIB, 60 * KIB);
base.fill(0, 64 * KIB, 72 * KIB);

type Edit = {
  kind: 'overwrite' | 'insert' | 'delete' | 'move' | 'zero';
  at: number;
  length: number;
  to: number;
};

/** Any byte, and bytes at and next to the edges of blocks, segments and holes. */
const place = fc.oneof(
  fc.nat(SEGMENT),
  fc
    .tuple(fc.constantFrom(0, 4, 64, 68, 72, 100, 180, 252, 256), fc.integer({ min: -1, max: 1 }))
    .map(([kib, by]) => Math.max(0, kib * KIB + by)),
);
const length = fc.oneof(
  fc.integer({ min: 1, max: 64 }),
  fc.constantFrom(512, 4095, 4096, 4097, 16_384),
  fc.nat(100 * KIB),
);
const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom('overwrite', 'insert', 'delete', 'move', 'zero'),
  at: place,
  length,
  to: place,
});

function apply(disk: Buffer, { kind, at, length: count, to }: Edit, salt: number): Buffer {
  const end = Math.min(at + count, disk.length);
  const before = disk.subarray(0, at);
  const range = disk.subarray(at, end);
  const after = disk.subarray(end);
  switch (kind) {
    case 'overwrite':
      return Buffer.concat([before, seededBytes(`over ${salt} ${at}`, range.length), after]);
    case 'insert':
      return Buffer.concat([before, seededBytes(`in ${salt} ${at}`, count), disk.subarray(at)]);
    case 'delete':
      return Buffer.concat([before, after]);
    case 'zero':
      return Buffer.concat([before, Buffer.alloc(range.length), after]);
    case 'move': {
      const rest = Buffer.concat([before, after]);
      const target = Math.min(to, rest.length);
      return Buffer.concat([rest.subarray(0, target), range, rest.subarray(target)]);
    }
  }
}

for (const [i, chunker] of chunkers.entries()) {
  const name = i === 0 ? 'default chunks' : 'small chunks';

  test(`${name}: a recipe is the same with a parent and without`, (t) => {
    let guessed = 0;
    holds(
      t,
      fc.property(
        fc.array(edit, { minLength: 0, maxLength: 4 }),
        fc.nat(3),
        fc.oneof(fc.constant(SEGMENT), fc.integer({ min: 1, max: SEGMENT })),
        fc.oneof(fc.constant(SEGMENT), fc.integer({ min: 1, max: SEGMENT })),
        (edits, from, parentLength, newLength) => {
          const old = base.subarray(from * KIB * 64, from * KIB * 64 + SEGMENT);
          const edited = edits.reduce(apply, Buffer.from(old));
          const parentBytes = Buffer.from(old.subarray(0, parentLength));
          const segment = Buffer.concat([edited, base.subarray(3 * SEGMENT)]).subarray(0, newLength);
          const parent = decodeRecipe(scanSegment(parentBytes, chunker).recipe.bytes);
          const plain = scanSegment(Buffer.from(segment), chunker);
          let cuts = 0;
          const counting = {
            ...chunker,
            cutter: {
              load: chunker.cutter.load,
              cut: (start: number, end: number) => {
                cuts++;
                return chunker.cutter.cut(start, end);
              },
            },
          };
          const predicted = scanSegment(Buffer.from(segment), counting, { parent });
          guessed += decodeRecipe(plain.recipe.bytes).lengths.length - cuts;
          return (
            Buffer.compare(plain.recipe.bytes, predicted.recipe.bytes) === 0 &&
            Buffer.compare(plain.digest, predicted.digest) === 0
          );
        },
      ),
      600,
    );
    t.true(guessed > 0, 'no guess was ever right: nothing was tested');
  });

  test(`${name}: what has moved inside a segment is found again without cutting it`, (t) => {
    const old = Buffer.from(base.subarray(2 * SEGMENT, 3 * SEGMENT));
    const parent = decodeRecipe(scanSegment(old, chunker).recipe.bytes);
    const moved = Buffer.concat([seededBytes('put in', 777), old]).subarray(0, SEGMENT);
    let cuts = 0;
    const cutter = {
      load: chunker.cutter.load,
      cut: (start: number, end: number) => {
        cuts++;
        return chunker.cutter.cut(start, end);
      },
    };
    const { recipe } = scanSegment(moved, { ...chunker, cutter }, { parent });
    t.deepEqual(recipe.bytes, scanSegment(moved, chunker).recipe.bytes);
    t.true(cuts < parent.lengths.length / 2, `${cuts} of ${parent.lengths.length} chunks were cut`);
  });
}

test('a guess that ends where the parent’s data run ended is not taken where the run goes on', (t) => {
  const chunker = chunkers[0]!;
  const disk = Buffer.from(base.subarray(2 * SEGMENT, 3 * SEGMENT));
  const withHole = Buffer.from(disk);
  withHole.fill(0, 40 * KIB, 44 * KIB);
  const parent = decodeRecipe(scanSegment(withHole, chunker).recipe.bytes);
  t.deepEqual(scanSegment(disk, chunker, { parent }).recipe.bytes, scanSegment(disk, chunker).recipe.bytes);
});
