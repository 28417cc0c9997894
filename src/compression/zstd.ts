/**
 * Frames to stored bytes and back, by libzstd's contexts into buffers that are kept: no allocation per frame.
 * One context per thread; each worker has its own copy of this module.
 */
import binding from 'zstd-napi/binding.js';
import { FrameCodec } from '../../store-format/layouts.js';

const compressor = new binding.CCtx();
const decompressor = new binding.DCtx();
let currentLevel = Number.NaN;

export const zstdImplementation = {
  implementation: `zstd-napi, libzstd ${binding.versionString()}`,
  native: true,
};

/** Bytes that `compressFrame` may need for the result. */
export function compressBound(plainBytes: number): number {
  return binding.compressBound(plainBytes);
}

export interface CompressedFrame {
  readonly codec: FrameCodec;
  /** Where the stored bytes stand: in `out`, or the plain bytes themselves. */
  readonly bytes: Uint8Array;
}

/** A frame that does not shrink is stored as it is. */
export function compressFrame(plain: Uint8Array, level: number, out: Uint8Array): CompressedFrame {
  if (level !== currentLevel) {
    compressor.setParameter(binding.CParameter.compressionLevel, level);
    currentLevel = level;
  }
  const length = compressor.compress2(out, plain);
  return length < plain.length
    ? { codec: FrameCodec.zstd, bytes: out.subarray(0, length) }
    : { codec: FrameCodec.stored, bytes: plain };
}

/**
 * @param out at least the frame's plain bytes
 * @returns the plain bytes: a view of `out`, or of `stored` where nothing was compressed
 * @throws Error when the bytes are not such a frame
 */
export function decompressFrame(
  codec: FrameCodec,
  stored: Uint8Array,
  plainBytes: number,
  out: Uint8Array,
): Uint8Array {
  const plain = codec === FrameCodec.stored ? stored : out.subarray(0, decompressor.decompress(out, stored));
  if (plain.length !== plainBytes)
    throw new RangeError(`Frame of ${plain.length} plain bytes, expected ${plainBytes}`);
  return plain;
}
