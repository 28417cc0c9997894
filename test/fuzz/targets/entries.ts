/** The byte layouts with one legal encoding: what decodes must encode to the same bytes. */
import assert from 'node:assert/strict';
import { blake3 } from '../../../src/hashing/blake3.js';
import { checkPack } from '../../../src/workers/check-pack-job.js';
import {
  checkPackHeader,
  decodeExtents,
  decodePackFooter,
  decodePackTail,
  decodePage,
  decodeRecipe,
  encodeExtents,
  encodePackFooter,
  encodePackHeader,
  encodePage,
  encodeRecipe,
  FormatError,
  FRAME_MAX_BYTES,
  PACK_TRAILER_BYTES,
  type PackId,
  packId,
  salvageFooter,
} from '../../../store-format/index.js';
import { extentSeeds, footerSeeds, packSeeds, pageSeeds, recipeSeeds } from '../seeds.js';
import { STRUCTURE_BOUNDS, type Target, target } from '../target.js';

export function formatRejection(error: unknown): string | undefined {
  return error instanceof FormatError ? error.code : undefined;
}

const common = { rejection: formatRejection, bounds: STRUCTURE_BOUNDS };
/** What stands in front of a tail in an input: how its reader names it. */
const RIGHT_NAME = 1;
const NO_PACK = '0'.repeat(64) as PackId;
const RIGHT_LENGTH = 2;
/** A footer in an input follows the offset it is said to have. */
const OFFSET_BYTES = 4;

export const ENTRY_TARGETS: readonly Target[] = [
  target({
    ...common,
    name: 'recipe',
    share: 20,
    seeds: recipeSeeds,
    decode: decodeRecipe,
    check: (input, recipe) => sameBytes(encodeRecipe(recipe, blake3).bytes, input),
  }),
  target({
    ...common,
    name: 'page',
    share: 10,
    seeds: pageSeeds,
    decode: decodePage,
    check: (input, page) => sameBytes(encodePage(page), input),
  }),
  target({
    ...common,
    name: 'extents',
    share: 16,
    seeds: extentSeeds,
    decode: decodeExtents,
    check: (input, extents) => sameBytes(encodeExtents(extents), input),
  }),
  target({
    ...common,
    name: 'pack-header',
    share: 3,
    seeds: () => [encodePackHeader()],
    decode: checkPackHeader,
    check: (input) => sameBytes(encodePackHeader(), input.subarray(0, 16)),
  }),
  target({
    ...common,
    name: 'pack-footer',
    share: 20,
    seeds: () => footerSeeds().map(({ footerOffset, footer }) => Buffer.concat([u32(footerOffset), footer])),
    decode: (input) =>
      decodePackFooter(input.subarray(OFFSET_BYTES), input.length < OFFSET_BYTES ? 0 : input.readUInt32LE(0)),
    check: (input, footer) => sameBytes(encodePackFooter(footer), input.subarray(OFFSET_BYTES)),
  }),
  target({
    ...common,
    name: 'salvage-footer',
    share: 6,
    // Of a pack, all of which its reader has in memory: up to 65 MiB.
    bounds: { bytesPerByte: 64, fixedBytes: 64 * 1024 * 1024, ms: 1000 },
    seeds: packSeeds,
    decode: (input) => salvageFooter(input),
    summarize: (footer) => (footer === undefined ? 'nothing' : `kind ${footer.kind}`),
    check: (input, footer) => {
      for (const { offset, storedBytes, plainBytes, lengths } of footer?.frames ?? []) {
        assert.ok(
          offset >= 16 && storedBytes > 0 && offset + storedBytes <= input.length,
          'Outside the pack',
        );
        assert.ok(plainBytes <= FRAME_MAX_BYTES && lengths.every((length) => length > 0));
        assert.equal(
          lengths.reduce((sum, length) => sum + length, 0),
          plainBytes,
        );
      }
    },
  }),
  target({
    name: 'check-pack',
    share: 2,
    bounds: { bytesPerByte: 64, fixedBytes: 96 * 1024 * 1024, ms: 1000 },
    rejection: () => undefined,
    seeds: packSeeds,
    decode: (input) =>
      checkPack({ pack: NO_PACK, source: input, depth: 'decoded', stop: new SharedArrayBuffer(4) }),
    summarize: ({ salvaged, fault }) => (salvaged ? 'salvaged' : fault ? 'nothing' : 'sound'),
    check: (_, { salvaged, fault, entries }) => {
      assert.ok(fault !== undefined, 'No pack has that name');
      assert.equal(salvaged?.lengths.length ?? 0, entries);
      assert.equal(salvaged?.ids.length ?? 0, 32 * entries);
    },
  }),
  target({
    ...common,
    name: 'pack-tail',
    share: 16,
    seeds: () => packSeeds().map((pack) => Buffer.concat([Buffer.of(RIGHT_NAME | RIGHT_LENGTH), pack])),
    seal: (input, random) => {
      if (input.length > 0) input[0] = random.chance(0.95) ? 3 : random.below(4);
      return input;
    },
    decode: (input) => {
      const tail = input.subarray(1);
      const { name, packBytes } = honestPlace(tail, input[0] ?? 0);
      return decodePackTail(tail, packBytes, name, blake3);
    },
    check: (input, { footer, packBytes, footerOffset }) => {
      const bytes = encodePackFooter(footer);
      assert.equal(packBytes, footerOffset + bytes.length + PACK_TRAILER_BYTES);
      const end = input.length - PACK_TRAILER_BYTES;
      sameBytes(bytes, input.subarray(end - bytes.length, end));
    },
  }),
];

/** The name and length that a pack with this tail has, if it has any. */
function honestPlace(tail: Buffer, flags: number): { readonly name: PackId; readonly packBytes: number } {
  const wrong = { name: '0'.repeat(64) as PackId, packBytes: tail.length };
  const trailerAt = tail.length - PACK_TRAILER_BYTES;
  if (trailerAt < 0) return wrong;
  const footerBytes = tail.readUInt32LE(trailerAt + 16);
  if (footerBytes > trailerAt) return wrong;
  const name = packId(tail.subarray(trailerAt - footerBytes, trailerAt), tail.subarray(trailerAt), blake3);
  const packBytes = Number(tail.readBigUInt64LE(trailerAt + 8)) + footerBytes + PACK_TRAILER_BYTES;
  return {
    name: flags & RIGHT_NAME ? name : wrong.name,
    packBytes: flags & RIGHT_LENGTH ? packBytes : wrong.packBytes,
  };
}

function sameBytes(again: Uint8Array, input: Uint8Array): void {
  assert.ok(Buffer.compare(again, input) === 0, 'It decodes, and encodes to other bytes');
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
