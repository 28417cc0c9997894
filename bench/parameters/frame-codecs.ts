/** Ways to compress a frame: doppel's own, and zstd with a window longer than its level has. */
import binding from 'zstd-napi/binding.js';
import { type CompressedFrame, compressFrame } from '../../src/compression/zstd.js';
import { FrameCodec } from '../../store-format/index.js';

export type CompressFrame = (plain: Uint8Array, out: Uint8Array) => CompressedFrame;

export function atLevel(level: number): CompressFrame {
  return (plain, out) => compressFrame(plain, level, out);
}

export interface LongWindow {
  readonly level: number;
  readonly windowLog: number;
  readonly longDistance: boolean;
}

export function withLongWindow({ level, windowLog, longDistance }: LongWindow): CompressFrame {
  const context = new binding.CCtx();
  const { compressionLevel, windowLog: windowLogParameter, enableLongDistanceMatching } = binding.CParameter;
  context.setParameter(compressionLevel, level);
  context.setParameter(windowLogParameter, windowLog);
  if (longDistance) context.setParameter(enableLongDistanceMatching, 1);
  return (plain, out) => {
    const length = context.compress2(out, plain);
    return length < plain.length
      ? { codec: FrameCodec.zstd, bytes: out.subarray(0, length) }
      : { codec: FrameCodec.stored, bytes: plain };
  };
}
