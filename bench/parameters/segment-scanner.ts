/** Segments to recipes with any parameters, by doppel's own holes, cutting, hashing and encoding; and what is new in them. */

import { findHoles } from '../../src/chunking/holes.js';
import { type Chunker, createChunker } from '../../src/chunking/scan-segment.js';
import { blake3 } from '../../src/hashing/blake3.js';
import {
  type ChunkerParameters,
  type EncodedRecipe,
  encodeRecipe,
  HASH_BYTES,
} from '../../store-format/index.js';
import { cutSegment } from '../segments/cut-segment.js';

export interface ScannedSegment {
  readonly recipe: EncodedRecipe;
  readonly chunks: number;
  readonly dataBytes: number;
  /** Chunks that were not met before, in order. */
  readonly news: readonly Uint8Array[];
}

export class SegmentScanner {
  readonly #chunker: Chunker;
  readonly #met = new Set<string>();

  constructor(parameters: ChunkerParameters) {
    this.#chunker = createChunker(parameters, blake3);
  }

  scan(segment: Buffer): ScannedSegment {
    const { cutter, parameters, fingerprint } = this.#chunker;
    const holes = findHoles(segment, parameters.holeBlocks);
    const { offsets, lengths } = cutSegment(segment, holes, cutter, parameters.maxBytes);
    const ids = Buffer.allocUnsafe(HASH_BYTES * offsets.length);
    const news: Uint8Array[] = [];
    let dataBytes = 0;
    for (let i = 0; i < offsets.length; i++) {
      const bytes = segment.subarray(offsets[i]!, offsets[i]! + lengths[i]!);
      const id = Buffer.from(blake3(bytes));
      ids.set(id, HASH_BYTES * i);
      dataBytes += bytes.length;
      const key = id.toString('latin1');
      if (this.#met.has(key)) continue;
      this.#met.add(key);
      news.push(bytes);
    }
    const columns = { chunker: fingerprint, segmentLength: segment.length, holes, lengths, ids };
    return { recipe: encodeRecipe(columns, blake3), chunks: offsets.length, dataBytes, news };
  }
}
