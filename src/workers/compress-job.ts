import { FrameCodec } from '../../store-format/layouts.js';
import { compressBound, compressFrame } from '../compression/zstd.js';
import { blake3 } from '../hashing/blake3.js';
import type { CompressedFrame, CompressJob, FramePlan } from './jobs.js';

let plainBuffer = Buffer.alloc(0);
let storedBuffer = Buffer.alloc(0);

/** A frame never grows, so its stored bytes fit where its plain bytes stood. */
export function compress({ memory, frames, level }: CompressJob): readonly CompressedFrame[] {
  const bytes = Buffer.from(memory);
  return frames.map((frame) => compressInPlace(bytes, frame, level));
}

function compressInPlace(memory: Buffer, { pieces }: FramePlan, level: number): CompressedFrame {
  const offset = pieces[0]!;
  const plain = gather(memory, pieces);
  const bound = compressBound(plain.length);
  if (storedBuffer.length < bound) storedBuffer = Buffer.allocUnsafeSlow(bound);
  const { codec, bytes } = compressFrame(plain, level, storedBuffer);
  const inPlace = codec === FrameCodec.stored && pieces.length === 2;
  if (!inPlace) memory.set(bytes, offset);
  return {
    codec,
    offset,
    storedBytes: bytes.length,
    plainBytes: plain.length,
    hash: Uint8Array.from(blake3(bytes)),
  };
}

/** One piece is used where it stands. */
function gather(memory: Buffer, pieces: readonly number[]): Buffer {
  if (pieces.length === 2) return memory.subarray(pieces[0], pieces[0]! + pieces[1]!);
  let length = 0;
  for (let i = 1; i < pieces.length; i += 2) length += pieces[i]!;
  if (plainBuffer.length < length) plainBuffer = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (let i = 0; i < pieces.length; i += 2) {
    memory.copy(plainBuffer, at, pieces[i], pieces[i]! + pieces[i + 1]!);
    at += pieces[i + 1]!;
  }
  return plainBuffer.subarray(0, length);
}
