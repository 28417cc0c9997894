/**
 * Frames to stored bytes and back, by libzstd's contexts into buffers that are kept: no allocation per frame.
 * One context per thread; each worker has its own copy of this module.
 */
import binding from 'zstd-napi/binding.js';
import { FrameCodec, MIB } from '../../store-format/layouts.js';

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
  if (codec !== FrameCodec.stored) checkOneFrame(stored);
  const plain = codec === FrameCodec.stored ? stored : out.subarray(0, decompressor.decompress(out, stored));
  if (plain.length !== plainBytes)
    throw new RangeError(`Frame of ${plain.length} plain bytes, expected ${plainBytes}`);
  return plain;
}

const ZSTD_MAGIC = 0xfd2fb528;
/** Of the frame header's descriptor: the plain bytes are the window, and no byte says its size. */
const SINGLE_SEGMENT = 0x20;
const MAX_WINDOW_BYTES = 16 * MIB;

/**
 * SPEC.md, "Pack": exactly one frame, with a window that any reader has room for. The decompressor would also take several
 * frames, frames to be skipped, and windows of 128 MiB. That no dictionary is wanted it sees itself.
 */
function checkOneFrame(stored: Uint8Array): void {
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  const isFrame = stored.length > 5 && view.getUint32(0, true) === ZSTD_MAGIC;
  if (!isFrame || binding.findFrameCompressedSize(stored) !== stored.length)
    throw new RangeError('Not exactly one zstd frame');
  const window = view.getUint8(5);
  const windowBytes = 2 ** (10 + (window >> 3)) * (1 + (window & 7) / 8);
  if ((view.getUint8(4) & SINGLE_SEGMENT) === 0 && windowBytes > MAX_WINDOW_BYTES)
    throw new RangeError(`zstd frame with a window of ${windowBytes} bytes`);
}
