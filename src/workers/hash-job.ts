import { HASH_BYTES, SEGMENT_BYTES } from '../../store-format/layouts.js';
import { isZero } from '../chunking/holes.js';
import { blake3 } from '../hashing/blake3.js';
import { zeroDigest } from '../hashing/zero-digest.js';
import type { HashResult, SpanBytes } from './jobs.js';
import { SpanReader } from './read-span.js';

export function hash(job: SpanBytes): HashResult {
  const span = new SpanReader(job);
  const digests = new Uint8Array(HASH_BYTES * Math.ceil(job.length / SEGMENT_BYTES));
  for (let start = 0, at = 0; start < job.length; start += SEGMENT_BYTES, at += HASH_BYTES) {
    const segment = span.read(start, Math.min(start + SEGMENT_BYTES, job.length));
    const { badRanges, failure } = span;
    if (failure !== undefined) return { digests: new Uint8Array(0), badRanges, failure };
    digests.set(isZero(segment, 0, segment.length) ? zeroDigest(segment.length) : blake3(segment), at);
  }
  return { digests, badRanges: span.badRanges };
}
