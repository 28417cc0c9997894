/** SPEC.md's vectors of the gear table and of cuts, against a slow reference and against the real chunker. */
import test from 'ava';
import fc from 'fast-check';
import * as v from 'valibot';
import { createChunker, scanSegment } from '../../src/chunking/scan-segment.js';
import {
  type ChunkerParameters,
  ChunkerParametersSchema,
  chunkerFingerprint,
  decodeRecipe,
  encodeRecipe,
  toHex,
} from '../../store-format/index.js';
import { blake3, extended, holds } from './oracle.js';
import { referenceGear, referenceSegment } from './reference-chunker.js';
import { jsonBlock } from './spec-document.js';

const DEFAULTS: ChunkerParameters = jsonBlock('config').payload.chunker;

test('gear table', (t) => {
  const { seed, first } = jsonBlock('gear');
  const gear = referenceGear(seed);
  t.is(gear.length, 256);
  t.deepEqual(
    gear.slice(0, 4).map((value) => value.toString(16).padStart(8, '0')),
    first,
  );
});

for (const [i, example] of (jsonBlock('cuts').cases as Vector[]).entries()) {
  test(`cuts, vector ${i}`, (t) => {
    const { message, bytes } = jsonBlock('cuts');
    const segment = extended(message, bytes);
    const [zeroedAt = 0, zeroedBytes = 0] = example.zeroed;
    segment.fill(0, zeroedAt, zeroedAt + zeroedBytes);
    const { holes, lengths } = example;
    t.deepEqual(referenceSegment(segment, DEFAULTS), { holes, lengths });
    const ids = idsOf(segment, holes, lengths);
    const columns = {
      chunker: chunkerFingerprint(blake3, DEFAULTS),
      segmentLength: bytes,
      holes,
      lengths,
      ids,
    };
    t.is(toHex(encodeRecipe(columns, blake3).id), example.recipeId);
    const scanned = scanSegment(segment, createChunker(DEFAULTS, blake3));
    t.is(toHex(scanned.recipe.id), example.recipeId);
  });
}

interface Vector {
  readonly zeroed: readonly number[];
  readonly holes: readonly number[];
  readonly lengths: readonly number[];
  readonly recipeId: string;
}

function idsOf(segment: Buffer, holes: readonly number[], lengths: readonly number[]): Buffer {
  const ids: Uint8Array[] = [];
  let at = 0;
  for (const length of lengths) {
    const hole = holes.findIndex((start, i) => i % 2 === 0 && start === at);
    if (hole >= 0) at += holes[hole + 1]!;
    ids.push(blake3(segment.subarray(at, at + length)));
    at += length;
  }
  return Buffer.concat(ids);
}

/** Random bytes with runs of zeros whose ends are on the block grid or beside it. */
const segments = fc
  .record({
    seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    length: fc.integer({ min: 1, max: 60_000 }),
    zeroed: fc.array(fc.tuple(fc.nat(60_000), fc.oneof(fc.nat(30_000), fc.constant(4096))), { maxLength: 4 }),
    aligned: fc.boolean(),
  })
  .map(({ seed, length, zeroed, aligned }) => {
    const segment = extended(`cutting ${seed}`, length);
    for (const [at, bytes] of zeroed) {
      const start = aligned ? at - (at % 4096) : at;
      segment.fill(0, Math.min(start, length), Math.min(start + bytes, length));
    }
    return segment;
  });

const SMALL: ChunkerParameters = { ...DEFAULTS, minBytes: 64, averageBytes: 256, maxBytes: 1024 };

for (const holeBlocks of [1, 4]) {
  test(`the real chunker cuts as the reference does, holes from ${holeBlocks} blocks`, (t) => {
    const parameters = { ...SMALL, holeBlocks, gearSeed: '07'.repeat(32) };
    const chunker = createChunker(parameters, blake3);
    const property = fc.property(segments, (segment) => {
      const recipe = decodeRecipe(scanSegment(segment, chunker).recipe.bytes);
      const expected = referenceSegment(segment, parameters);
      t.deepEqual({ holes: [...recipe.holes], lengths: [...recipe.lengths] }, expected);
    });
    holds(t, property, 40);
  });
}

test('parameters out of range are refused', (t) => {
  const legal = (change: object): boolean => v.is(ChunkerParametersSchema, { ...DEFAULTS, ...change });
  t.true(legal({}));
  for (const change of [
    ...[{ algorithm: 'rabin' }, { minBytes: 63 }, { minBytes: 16_384 }, { averageBytes: 16_385 }],
    ...[{ averageBytes: 65_536 }, { maxBytes: 2 ** 20 + 1 }, { holeBlocks: 0 }, { holeBlocks: 257 }],
    ...[{ gearSeed: '0' }, { gearSeed: 'G'.repeat(64) }, { extra: 1 }, { minBytes: 4096.5 }],
  ]) {
    t.false(legal(change), JSON.stringify(change));
  }
});
