import { FrameCodec } from '../../store-format/index.js';
import { compressFrame } from '../compression/zstd.js';
import { blake3 } from '../hashing/blake3.js';
import type { CompressJob, CompressResult } from './jobs.js';

export function compress({ memory, plainBytes, outOffset, level }: CompressJob): CompressResult {
  const plain = Buffer.from(memory, 0, plainBytes);
  const { codec, bytes } = compressFrame(plain, level, Buffer.from(memory, outOffset));
  return {
    codec,
    storedOffset: codec === FrameCodec.stored ? 0 : outOffset,
    storedBytes: bytes.length,
    hash: Uint8Array.from(blake3(bytes)),
  };
}
