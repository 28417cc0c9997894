/**
 * Stored frames as readers decompress them. An input is a row of a footer and the stored bytes: codec u8, plain bytes u32
 * (which a footer bounds), bytes. What comes out is exactly one zstd frame as SPEC.md wants it.
 */
import assert from 'node:assert/strict';
import binding from 'zstd-napi/binding.js';
import { compressBound, compressFrame } from '../../../src/compression/zstd.js';
import { StoreError } from '../../../src/errors.js';
import { plainFrame } from '../../../src/packs/read-frame.js';
import { FRAME_MAX_BYTES, type Frame, FrameCodec, type PackId } from '../../../store-format/index.js';
import type { Random } from '../../simulation/random.js';
import { seededBytes } from '../../support/seeded-disk.js';
import { type Target, target } from '../target.js';

const HEAD_BYTES = 5;
const MAX_PLAIN_BYTES = 32 * 1024;
const PACK = '0'.repeat(64) as PackId;
/** (24 - 10) << 3 */
const WINDOW_16_MIB = 0x70;
const ZSTD_MAGIC = 0xfd2fb528;

export const FRAME_TARGETS: readonly Target[] = [
  target({
    name: 'frame',
    share: 4,
    seeds: frameSeeds,
    mutate: joinFrames,
    // The plain bytes have room of their own, as many as the footer says.
    bounds: { bytesPerByte: 8, fixedBytes: 512 * 1024, ms: 250 },
    rejection: (error) => (error instanceof StoreError ? error.code : undefined),
    decode: (input) => {
      const stored = input.subarray(HEAD_BYTES);
      const row = input.length < HEAD_BYTES ? Buffer.alloc(HEAD_BYTES) : input;
      const codec = row[0] === 0 ? FrameCodec.stored : FrameCodec.zstd;
      const plainBytes = Math.min(row.readUInt32LE(1), MAX_PLAIN_BYTES, FRAME_MAX_BYTES);
      const { plain, frame } = decodeFrame({ codec, plainBytes, storedBytes: stored.length }, stored);
      return { plain, frame, stored };
    },
    check: (_, { plain, frame, stored }) => {
      assert.equal(plain.length, frame.plainBytes);
      if (frame.codec === FrameCodec.stored) return;
      assert.equal(stored.readUInt32LE(0), ZSTD_MAGIC, 'Something else stands before the frame');
      assert.equal(binding.findFrameCompressedSize(stored), stored.length, 'More than one frame');
      assert.equal(binding.getDictIDFromFrame(stored), 0, 'A dictionary is wanted');
      // Without a single segment, the byte behind the descriptor is the window's size: 5 bits of exponent.
      assert.ok((stored[4]! & 0x20) !== 0 || stored[5]! <= WINDOW_16_MIB, 'Its window is too large');
    },
  }),
];

function decodeFrame(row: Pick<Frame, 'codec' | 'plainBytes' | 'storedBytes'>, stored: Buffer) {
  const frame: Frame = { ...row, offset: 16, entries: 1, kind: 1, hash: stored.subarray(0, 0) };
  return { frame, plain: plainFrame(PACK, frame, stored) };
}

/** Made once. */
let madeSeeds: readonly Buffer[] | undefined;

function frameSeeds(): readonly Buffer[] {
  madeSeeds ??= makeSeeds();
  return madeSeeds;
}

function makeSeeds(): Buffer[] {
  const plains = [
    Buffer.from('A chunk is named by what it says.\n'.repeat(40)),
    Buffer.alloc(5000),
    Buffer.concat([Buffer.alloc(3000, 'ab'), seededBytes('frame', 300), Buffer.alloc(2000, 'abc')]),
    seededBytes('noise', 200),
  ];
  return plains.flatMap((plain) =>
    [1, 3, 19].map((level) => {
      const { codec, bytes } = compressFrame(plain, level, Buffer.alloc(compressBound(plain.length)));
      const head = Buffer.alloc(HEAD_BYTES);
      head[0] = codec;
      head.writeUInt32LE(plain.length, 1);
      return Buffer.concat([head, bytes]);
    }),
  );
}

const SKIPPABLE = Buffer.from('502a4d1804000000deadbeef', 'hex');

/** A second frame, or one to be skipped, behind the first or in front of it; the plain bytes of both. */
function joinFrames(input: Buffer, random: Random): Buffer {
  const other = random.pick(frameSeeds());
  if (input.length < HEAD_BYTES || other[0] !== FrameCodec.zstd) return input;
  const isSkippable = random.chance(0.5);
  const parts = [input.subarray(HEAD_BYTES), isSkippable ? SKIPPABLE : other.subarray(HEAD_BYTES)];
  const joined = Buffer.concat([
    input.subarray(0, HEAD_BYTES),
    ...(random.chance(0.5) ? parts : parts.reverse()),
  ]);
  const plainBytes = input.readUInt32LE(1) + (isSkippable ? 0 : other.readUInt32LE(1));
  joined.writeUInt32LE(plainBytes >>> 0, 1);
  return joined;
}
