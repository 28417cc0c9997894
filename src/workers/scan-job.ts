import { isDeepStrictEqual } from 'node:util';
import { decodeRecipe, SEGMENT_BYTES } from '../../store-format/layouts.js';
import { type Chunker, createChunker, scanSegment } from '../chunking/scan-segment.js';
import { blake3 } from '../hashing/blake3.js';
import { entryHashOf } from '../hashing/keyed-ids.js';
import type { ScanJob, ScanResult, SegmentToScan } from './jobs.js';
import { SpanReader } from './read-span.js';

let chunker: Chunker | undefined;

/** The chunker of the last job: a process works on one store at a time, rarely on two. */
function chunkerOf(job: ScanJob): Chunker {
  const entryHash = entryHashOf(job.entryKey);
  const same = chunker?.entryHash === entryHash && isDeepStrictEqual(chunker.parameters, job.chunker);
  if (!same) chunker = createChunker(job.chunker, blake3, entryHash);
  return chunker!;
}

export function scan(job: ScanJob): ScanResult {
  const span = new SpanReader(job);
  const wanted = job.segments ?? allSegments(job.length);
  const segments = new Uint32Array(3 * wanted.length);
  const parts: Uint8Array[] = [];
  for (const [i, { number, digest, parent }] of wanted.entries()) {
    const start = number * SEGMENT_BYTES;
    const segment = span.read(start, Math.min(start + SEGMENT_BYTES, job.length));
    if (span.failure !== undefined) return failed(span);
    const hints = { ...(digest && { digest }), ...(parent && { parent: decodeRecipe(parent) }) };
    const scanned = scanSegment(segment, chunkerOf(job), hints);
    segments.set([segment.length, scanned.recipe.bytes.length, scanned.zero ? 1 : 0], 3 * i);
    parts.push(scanned.recipe.id, scanned.digest, scanned.recipe.bytes);
  }
  return { segments, bytes: joinParts(parts), badRanges: span.badRanges };
}

function failed({ badRanges, failure }: SpanReader): ScanResult {
  return { segments: new Uint32Array(0), bytes: new Uint8Array(0), badRanges, ...(failure && { failure }) };
}

function allSegments(length: number): readonly (Pick<SegmentToScan, 'number'> & Partial<SegmentToScan>)[] {
  return Array.from({ length: Math.ceil(length / SEGMENT_BYTES) }, (_, number) => ({ number }));
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
