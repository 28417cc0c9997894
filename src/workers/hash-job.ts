import { HASH_BYTES, SEGMENT_BYTES } from '../../store-format/layouts.js';
import { isZero } from '../chunking/holes.js';
import { blake3 } from '../hashing/blake3.js';
import { zeroDigest } from '../hashing/zero-digest.js';
import type { HashResult, SpanBytes } from './jobs.js';
import { readSpan } from './read-span.js';

export function hash(job: SpanBytes): HashResult {
  const { bytes, badRanges, failure } = readSpan(job);
  if (failure !== undefined) return { digests: new Uint8Array(0), badRanges, failure };
  const count = Math.ceil(job.length / SEGMENT_BYTES);
  const digests = new Uint8Array(HASH_BYTES * count);
  for (let i = 0; i < count; i++) {
    const segment = bytes.subarray(i * SEGMENT_BYTES, (i + 1) * SEGMENT_BYTES);
    const digest = isZero(segment, 0, segment.length) ? zeroDigest(segment.length) : blake3(segment);
    digests.set(digest, HASH_BYTES * i);
  }
  return { digests, badRanges };
}
