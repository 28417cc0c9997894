import { HASH_BYTES, SEGMENT_BYTES } from '../../store-format/index.js';
import { type Chunker, createChunker, scanSegment } from '../chunking/scan-segment.js';
import { blake3 } from '../hashing/blake3.js';
import type { HashResult, ScanJob, ScanResult, SpanBytes } from './jobs.js';
import { readSpan } from './read-span.js';

let chunker: Chunker | undefined;

/** The chunker of the last job: a process works on one store at a time, rarely on two. */
function chunkerOf(job: ScanJob): Chunker {
  const same = chunker !== undefined && JSON.stringify(chunker.parameters) === JSON.stringify(job.chunker);
  if (!same) chunker = createChunker(job.chunker, blake3);
  return chunker!;
}

export function scan(job: ScanJob): ScanResult {
  const { bytes, badRanges, failure } = readSpan(job);
  if (failure !== undefined)
    return { segments: new Uint32Array(0), bytes: new Uint8Array(0), badRanges, failure };
  const count = Math.ceil(job.length / SEGMENT_BYTES);
  const segments = new Uint32Array(3 * count);
  const parts: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const segment = bytes.subarray(i * SEGMENT_BYTES, (i + 1) * SEGMENT_BYTES);
    const { recipe, digest, zero } = scanSegment(segment, chunkerOf(job));
    segments.set([segment.length, recipe.bytes.length, zero ? 1 : 0], 3 * i);
    parts.push(recipe.id, digest, recipe.bytes);
  }
  return { segments, bytes: joinParts(parts), badRanges };
}

export function hash(job: SpanBytes): HashResult {
  const { bytes, failure } = readSpan(job);
  if (failure !== undefined) return { digests: new Uint8Array(0), failure };
  const count = Math.ceil(job.length / SEGMENT_BYTES);
  const digests = new Uint8Array(HASH_BYTES * count);
  for (let i = 0; i < count; i++) {
    digests.set(blake3(bytes.subarray(i * SEGMENT_BYTES, (i + 1) * SEGMENT_BYTES)), HASH_BYTES * i);
  }
  return { digests };
}

/** One array of its own memory: a view of a pool would drag the whole pool across threads. */
function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
