/**
 * One segment's bytes to its recipe: [1] find holes, [2] cut each data run, [3] hash each chunk. A pure function of
 * the bytes and the chunker, so every source of the same bytes gives the same recipes.
 */
import {
  BLOCK_BYTES,
  type Blake3,
  type ChunkerParameters,
  chunkerFingerprint,
  type EncodedRecipe,
  encodeRecipe,
  HASH_BYTES,
  SEGMENT_BYTES,
} from '../../store-format/index.js';
import { type Cutter, createCutter } from './cut.js';
import { findHoles, isZero } from './holes.js';

export interface Chunker {
  readonly parameters: ChunkerParameters;
  readonly fingerprint: string;
  readonly cutter: Cutter;
  readonly blake3: Blake3;
}

export interface ScannedSegment {
  readonly recipe: EncodedRecipe;
  /** BLAKE3 of the plain bytes. */
  readonly digest: Uint8Array;
  readonly zero: boolean;
}

export function createChunker(parameters: ChunkerParameters, blake3: Blake3): Chunker {
  return {
    parameters,
    fingerprint: chunkerFingerprint(blake3, parameters),
    cutter: createCutter(parameters),
    blake3,
  };
}

export function scanSegment(segment: Buffer, chunker: Chunker): ScannedSegment {
  const { blake3, cutter, parameters } = chunker;
  if (makesHole(segment.length, parameters) && isZero(segment, 0, segment.length)) {
    return scanZeroSegment(segment.length, chunker);
  }
  const holes = findHoles(segment, parameters.holeBlocks); // [1]
  cutter.load(segment);
  const ends: number[] = [];
  const lengths: number[] = [];
  let position = 0;
  for (let h = 0; h <= holes.length; h += 2) {
    const runEnd = holes[h] ?? segment.length;
    while (position < runEnd) {
      const end = cutter.cut(position, runEnd); // [2]
      lengths.push(end - position);
      ends.push(end);
      position = end;
    }
    position = runEnd + (holes[h + 1] ?? 0);
  }
  const ids = Buffer.allocUnsafe(HASH_BYTES * ends.length);
  for (let i = 0; i < ends.length; i++) {
    ids.set(blake3(segment.subarray(ends[i]! - lengths[i]!, ends[i]!)), HASH_BYTES * i); // [3]
  }
  const columns = { chunker: chunker.fingerprint, segmentLength: segment.length, holes, lengths, ids };
  return { recipe: encodeRecipe(columns, blake3), digest: blake3(segment), zero: false };
}

const zeroScans = new WeakMap<Chunker, ScannedSegment>();

/** What `scanSegment` gives for zero bytes, without any. The length must make a hole. */
export function scanZeroSegment(length: number, chunker: Chunker): ScannedSegment {
  const whole = length === SEGMENT_BYTES;
  const known = whole ? zeroScans.get(chunker) : undefined;
  if (known !== undefined) return known;
  const columns = {
    chunker: chunker.fingerprint,
    segmentLength: length,
    holes: [0, length],
    lengths: [],
    ids: new Uint8Array(0),
  };
  const scanned = {
    recipe: encodeRecipe(columns, chunker.blake3),
    digest: chunker.blake3(Buffer.alloc(length)),
    zero: true,
  };
  if (whole) zeroScans.set(chunker, scanned);
  return scanned;
}

/** Whether that many zero bytes from a block's start are a hole. */
export function makesHole(length: number, parameters: ChunkerParameters): boolean {
  return Math.ceil(length / BLOCK_BYTES) >= parameters.holeBlocks;
}
