/**
 * One segment's bytes to its recipe: [1] find holes, [2] find each chunk of each data run, by a guess that holds or by
 * cutting, [3] with its hash. A pure function of the bytes and the chunker, so every source of the same bytes gives
 * the same recipes, with guesses and without.
 */
import {
  BLOCK_BYTES,
  type Blake3,
  type ChunkerParameters,
  chunkerFingerprint,
  type EncodedRecipe,
  encodeRecipe,
  type Recipe,
  SEGMENT_BYTES,
} from '../../store-format/layouts.js';
import { ChunkGuesses, type Guessed } from './chunk-guesses.js';
import { type Cutter, createCutter } from './cut.js';
import { findHoles, isZero } from './holes.js';

export interface Chunker {
  readonly parameters: ChunkerParameters;
  readonly fingerprint: string;
  readonly cutter: Cutter;
  readonly blake3: Blake3;
  /** How ids follow from bytes. */
  readonly entryHash: Blake3;
}

export interface ScannedSegment {
  readonly recipe: EncodedRecipe;
  /** BLAKE3 of the plain bytes. */
  readonly digest: Uint8Array;
  readonly zero: boolean;
}

export function createChunker(
  parameters: ChunkerParameters,
  blake3: Blake3,
  entryHash: Blake3 = blake3,
): Chunker {
  return {
    parameters,
    fingerprint: chunkerFingerprint(blake3, parameters),
    cutter: createCutter(parameters),
    blake3,
    entryHash,
  };
}

/** What may be known of a segment before it is scanned. */
export interface SegmentHints {
  /** BLAKE3 of its plain bytes. */
  readonly digest?: Uint8Array;
  /** The same segment of an earlier image that was cut by the same chunker. */
  readonly parent?: Recipe;
}

export function scanSegment(segment: Buffer, chunker: Chunker, hints: SegmentHints = {}): ScannedSegment {
  const { blake3, entryHash, parameters } = chunker;
  if (makesHole(segment.length, parameters) && isZero(segment, 0, segment.length)) {
    return scanZeroSegment(segment.length, chunker);
  }
  const holes = findHoles(segment, parameters.holeBlocks); // [1]
  const finder = new ChunkFinder(segment, chunker, hints.parent);
  const lengths: number[] = [];
  const ids: Uint8Array[] = [];
  let position = 0;
  for (let h = 0; h <= holes.length; h += 2) {
    const runEnd = holes[h] ?? segment.length;
    while (position < runEnd) {
      const { length, id } = finder.find(position, runEnd); // [2] [3]
      lengths.push(length);
      ids.push(id);
      position += length;
    }
    position = runEnd + (holes[h + 1] ?? 0);
  }
  const columns = {
    chunker: chunker.fingerprint,
    segmentLength: segment.length,
    holes,
    lengths,
    ids: Buffer.concat(ids),
  };
  const digest = hints.digest ?? blake3(segment);
  return { recipe: encodeRecipe(columns, entryHash), digest, zero: false };
}

class ChunkFinder {
  readonly #guesses: ChunkGuesses | undefined;
  #loaded = false;

  constructor(
    private readonly segment: Buffer,
    private readonly chunker: Chunker,
    parent: Recipe | undefined,
  ) {
    this.#guesses = parent && new ChunkGuesses(parent, chunker.parameters.maxBytes);
  }

  /** The chunk that starts at `start`, in a data run that ends at `end`. */
  find(start: number, end: number): Guessed {
    const { segment, chunker } = this;
    const hash = (length: number) => chunker.entryHash(segment.subarray(start, start + length));
    const guessed = this.#guesses?.take(start, end, hash);
    if (guessed !== undefined) return guessed;
    if (!this.#loaded) chunker.cutter.load(segment);
    this.#loaded = true;
    const length = chunker.cutter.cut(start, end) - start;
    const id = hash(length);
    this.#guesses?.note(id);
    return { length, id };
  }
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
    recipe: encodeRecipe(columns, chunker.entryHash),
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
