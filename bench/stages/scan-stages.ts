/** What a worker does with a span, stage by stage: find holes, cut, hash chunks, hash segments, encode recipes. */

import { findHoles, isZero } from '../../src/chunking/holes.js';
import type { Chunker } from '../../src/chunking/scan-segment.js';
import {
  decodeRecipe,
  type EncodedRecipe,
  encodeRecipe,
  HASH_BYTES,
  type Recipe,
  SEGMENT_BYTES,
} from '../../store-format/index.js';
import { cutSegment } from '../segments/cut-segment.js';
import type { ReadSpan } from './image-spans.js';
import type { StageMeter } from './stage-meter.js';

/** A segment that is not all hole. */
export interface ScannedSegment {
  /** Byte offset in the image. */
  readonly offset: number;
  readonly bytes: Buffer;
  readonly encoded: EncodedRecipe;
  /** The recipe decoded again, as the main thread does. */
  readonly recipe: Recipe;
}

export function scanSpan(span: ReadSpan, chunker: Chunker, meter: StageMeter): readonly ScannedSegment[] {
  const { blake3, cutter, parameters, fingerprint } = chunker;
  const segments = meter.time('find holes', () => withHoles(span, parameters.holeBlocks));
  const cuts = meter.time('cut', () =>
    segments.map(({ bytes, holes }) => cutSegment(bytes, holes, cutter, parameters.maxBytes)),
  );
  const ids = meter.time('hash chunks', () =>
    segments.map(({ bytes }, s) => {
      const { offsets, lengths } = cuts[s]!;
      const hashes = Buffer.allocUnsafe(HASH_BYTES * offsets.length);
      for (let i = 0; i < offsets.length; i++) {
        hashes.set(blake3(bytes.subarray(offsets[i]!, offsets[i]! + lengths[i]!)), HASH_BYTES * i);
      }
      return hashes;
    }),
  );
  meter.time('hash segments', () => segments.map(({ bytes }) => blake3(bytes)));
  const encoded = meter.time('encode recipes', () =>
    segments.map(({ bytes, holes }, s) => {
      const { lengths } = cuts[s]!;
      const columns = { chunker: fingerprint, segmentLength: bytes.length, holes, lengths, ids: ids[s]! };
      return encodeRecipe(columns, blake3);
    }),
  );
  const recipes = meter.time('decode recipes', () => encoded.map(({ bytes }) => decodeRecipe(bytes)));
  return segments.map(({ offset, bytes }, s) => ({
    offset,
    bytes,
    encoded: encoded[s]!,
    recipe: recipes[s]!,
  }));
}

interface SegmentWithHoles {
  readonly offset: number;
  readonly bytes: Buffer;
  readonly holes: readonly number[];
}

function withHoles({ offset, bytes }: ReadSpan, holeBlocks: number): readonly SegmentWithHoles[] {
  const found: SegmentWithHoles[] = [];
  for (let start = 0; start < bytes.length; start += SEGMENT_BYTES) {
    const segment = bytes.subarray(start, start + SEGMENT_BYTES);
    if (isZero(segment, 0, segment.length)) continue;
    found.push({ offset: offset + start, bytes: segment, holes: findHoles(segment, holeBlocks) });
  }
  return found;
}
