/** Segments to recipes, compared with an implementation that follows SPEC.md word for word. */
import test from 'ava';
import fc from 'fast-check';
import { findHoles } from '../../src/chunking/holes.js';
import { createChunker, scanSegment, scanZeroSegment } from '../../src/chunking/scan-segment.js';
import { blake3 } from '../../src/hashing/blake3.js';
import { decodeRecipe } from '../../store-format/index.js';
import { holds } from '../format/oracle.js';
import { editedDisk, seededDisk } from '../support/seeded-disk.js';

const KIB = 1024;
const PARAMETERS = {
  algorithm: 'fastcdc',
  minBytes: 4096,
  averageBytes: 16_384,
  maxBytes: 65_536,
  holeBlocks: 1,
  gearSeed: '0'.repeat(64),
} as const;
const chunker = createChunker(PARAMETERS, blake3);

test('holes: maximal runs of whole zero blocks, the short last one included', (t) => {
  holds(
    t,
    fc.property(
      fc.array(fc.boolean(), { maxLength: 40 }),
      fc.nat(4095),
      fc.integer({ min: 1, max: 4 }),
      (blocks, rest, least) => {
        const segment = Buffer.alloc(4096 * blocks.length + rest);
        for (const [i, full] of blocks.entries()) if (full) segment[4096 * i + (i % 4096)] = 1;
        const found = findHoles(segment, least);
        const zero = [...blocks.map((full) => !full), ...(rest > 0 ? [true] : [])];
        const expected: number[] = [];
        for (let i = 0; i < zero.length; i++) {
          if (!zero[i]) continue;
          let end = i;
          while (end < zero.length && zero[end]) end++;
          if (end - i >= least) expected.push(4096 * i, Math.min(4096 * end, segment.length) - 4096 * i);
          i = end;
        }
        return JSON.stringify(found) === JSON.stringify(expected);
      },
    ),
  );
});

test('a recipe covers its segment, and each chunk hashes to its id', (t) => {
  for (const size of [1, 4095, 4096, 4097, 500_000, KIB * KIB]) {
    const segment = seededDisk(`recipe ${size}`, size);
    const { recipe, digest } = scanSegment(segment, chunker);
    const { holes, offsets, lengths, ids, segmentLength } = decodeRecipe(recipe.bytes);
    t.is(segmentLength, size);
    const rebuilt = Buffer.alloc(size, 0xee);
    for (let h = 0; h < holes.length; h += 2) rebuilt.fill(0, holes[h], holes[h]! + holes[h + 1]!);
    for (let i = 0; i < lengths.length; i++) {
      const chunk = segment.subarray(offsets[i]!, offsets[i]! + lengths[i]!);
      t.true(Buffer.from(blake3(chunk)).equals(ids.subarray(32 * i, 32 * (i + 1))));
      t.true(lengths[i]! <= PARAMETERS.maxBytes);
      chunk.copy(rebuilt, offsets[i]!);
    }
    t.true(rebuilt.equals(segment));
    t.true(Buffer.from(digest).equals(Buffer.from(blake3(segment))));
  }
});

test('zero segments by the shortcut and by their bytes', (t) => {
  for (const size of [1, 4095, 4096, 12_345, KIB * KIB]) {
    t.deepEqual(scanZeroSegment(size, chunker), scanSegment(Buffer.alloc(size), chunker));
  }
});

test('an edit changes the chunks around it and no others', (t) => {
  const segment = seededDisk('edit', KIB * KIB);
  const idsOf = (bytes: Buffer) => {
    const { ids, lengths } = decodeRecipe(scanSegment(bytes, chunker).recipe.bytes);
    return lengths.length === 0
      ? []
      : Array.from(lengths, (_, i) => Buffer.from(ids.subarray(32 * i, 32 * (i + 1))).toString('hex'));
  };
  const before = new Set(idsOf(segment));
  const one = Buffer.from(segment);
  one[700_001]! ^= 1;
  t.true(idsOf(one).filter((id) => !before.has(id)).length <= 4);
  t.true(idsOf(editedDisk(segment, 'later')).some((id) => before.has(id)));
});
