/**
 * What a target holds, against what an image wants there: `compare` settles whole segments by their digests and
 * leaves the bytes in the shared memory, `compareChunks` then looks closer at segments that differ. Neither writes.
 * What could not be read is never taken for right.
 */
import { BLOCK_BYTES, type Extent, HASH_BYTES, SEGMENT_BYTES } from '../../store-format/layouts.js';
import { isZero } from '../chunking/holes.js';
import { blake3 } from '../hashing/blake3.js';
import { entryHashOf } from '../hashing/keyed-ids.js';
import { zeroDigest } from '../hashing/zero-digest.js';
import type { CompareChunksJob, CompareChunksResult, CompareJob, CompareResult } from './jobs.js';
import { SpanReader } from './read-span.js';

export function compare(job: CompareJob): CompareResult {
  const { memory, length, heldBytes, file, digests } = job;
  const span = new SpanReader({ memory, length: heldBytes, file });
  const bytes = Buffer.from(memory, 0, length);
  bytes.fill(0, heldBytes);
  const same = new Uint8Array(Math.ceil(length / SEGMENT_BYTES));
  for (let i = 0; i < same.length; i++) {
    const start = i * SEGMENT_BYTES;
    const end = Math.min(start + SEGMENT_BYTES, length);
    span.read(Math.min(start, heldBytes), Math.min(end, heldBytes));
    const { badRanges, failure } = span;
    if (failure !== undefined) return { same: new Uint8Array(0), badRanges: [], failure };
    if (meets(badRanges, file.offset + start, file.offset + end)) continue;
    const digest = isZero(bytes, start, end) ? zeroDigest(end - start) : blake3(bytes.subarray(start, end));
    if (equalIds(digest, digests, i)) same[i] = 1;
  }
  const badRanges = span.badRanges.map(({ offset, length }) => ({ offset: offset - file.offset, length }));
  return { same, badRanges };
}

export function compareChunks(job: CompareChunksJob): CompareChunksResult {
  const { chunks, ids, holes, badRanges } = job;
  const entryHash = entryHashOf(job.entryKey);
  const bytes = Buffer.from(job.memory);
  const same = new Uint8Array(chunks.length / 2);
  for (let i = 0; i < same.length; i++) {
    const start = chunks[2 * i]!;
    const end = start + chunks[2 * i + 1]!;
    // Most of what is zero here is to become data: no hash is needed to see that.
    if (meets(badRanges, start, end) || isZero(bytes, start, end)) continue;
    if (equalIds(entryHash(bytes.subarray(start, end)), ids, i)) same[i] = 1;
  }
  const dirty: number[] = [];
  for (let h = 0; h < holes.length; h += 2) {
    findDirty(bytes, holes[h]!, holes[h]! + holes[h + 1]!, badRanges, dirty);
  }
  return { same, dirty: Uint32Array.from(dirty) };
}

/** Adds the runs of blocks that are not zero. */
function findDirty(
  bytes: Buffer,
  start: number,
  end: number,
  badRanges: readonly Extent[],
  dirty: number[],
): void {
  if (isZero(bytes, start, end) && !meets(badRanges, start, end)) return;
  for (let at = start; at < end; at += BLOCK_BYTES) {
    const blockEnd = Math.min(at + BLOCK_BYTES, end);
    if (isZero(bytes, at, blockEnd) && !meets(badRanges, at, blockEnd)) continue;
    const last = dirty.length - 2;
    if (last >= 0 && dirty[last]! + dirty[last + 1]! === at) dirty[last + 1]! += blockEnd - at;
    else dirty.push(at, blockEnd - at);
  }
}

function meets(ranges: readonly Extent[], start: number, end: number): boolean {
  return ranges.some(({ offset, length }) => offset < end && start < offset + length);
}

function equalIds(id: Uint8Array, ids: Uint8Array, index: number): boolean {
  return Buffer.compare(id, ids.subarray(HASH_BYTES * index, HASH_BYTES * (index + 1))) === 0;
}
