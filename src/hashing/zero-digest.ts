import { HASH_BYTES, SEGMENT_BYTES } from '../../store-format/layouts.js';
import { blake3 } from './blake3.js';

const zeroSegment = Buffer.alloc(SEGMENT_BYTES);
let zeroSegmentDigest: Uint8Array | undefined;

/** BLAKE3 of `length` zero bytes, at most a segment. */
export function zeroDigest(length: number): Uint8Array {
  if (length !== SEGMENT_BYTES) return blake3(zeroSegment.subarray(0, length));
  zeroSegmentDigest ??= Uint8Array.from(blake3(zeroSegment)).subarray(0, HASH_BYTES);
  return zeroSegmentDigest;
}
