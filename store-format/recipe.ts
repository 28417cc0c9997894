/**
 * Recipe: one segment as columns (SPEC.md, "Recipe"). Equal segments have equal recipes, byte for byte, so the
 * encoding is fixed: there is one legal encoding of a segment and the decoder rejects every other.
 *
 * Chunks are listed without positions: they fill, in order, what the holes leave.
 */
import { DOMAIN_BYTES, RECIPE_DOMAIN } from './domains.js';
import { FormatError } from './format-error.js';
import type { Blake3 } from './ids.js';
import { BLOCK_BYTES, HASH_BYTES, SEGMENT_BYTES } from './limits.js';

const MAGIC = 0x50435244; // "DRCP"
const HEADER_BYTES = 24;
const STRUCTURE = 'recipe';

export interface Recipe {
  /** 16 hex digits: which chunker cut it. */
  readonly chunker: string;
  readonly segmentLength: number;
  /** Pairs (start, length) in bytes from the segment's start, ascending. */
  readonly holes: Uint32Array;
  /** Byte offset of each chunk in the segment. Derived, not stored. */
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  /** 32 bytes each, in order of position. */
  readonly ids: Uint8Array;
}

export interface RecipeColumns {
  readonly chunker: string;
  readonly segmentLength: number;
  readonly holes: ArrayLike<number>;
  readonly lengths: ArrayLike<number>;
  readonly ids: Uint8Array;
}

/** A recipe's bytes and its id. */
export interface EncodedRecipe {
  readonly bytes: Buffer;
  readonly id: Uint8Array;
}

export function encodeRecipe(columns: RecipeColumns, blake3: Blake3): EncodedRecipe {
  const { holes, lengths, ids } = columns;
  const length = HEADER_BYTES + 4 * (holes.length + lengths.length) + ids.length;
  // The domain stands in front of the bytes, so that the id needs no second copy.
  const message = Buffer.allocUnsafe(DOMAIN_BYTES + length);
  message.set(RECIPE_DOMAIN, 0);
  const bytes = message.subarray(DOMAIN_BYTES);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.write(columns.chunker, 4, 8, 'hex');
  bytes.writeUInt32LE(columns.segmentLength, 12);
  bytes.writeUInt32LE(holes.length / 2, 16);
  bytes.writeUInt32LE(lengths.length, 20);
  let at = HEADER_BYTES;
  for (let i = 0; i < holes.length; i++, at += 4) bytes.writeUInt32LE(holes[i]!, at);
  for (let i = 0; i < lengths.length; i++, at += 4) bytes.writeUInt32LE(lengths[i]!, at);
  bytes.set(ids, at);
  return { bytes, id: blake3(message) };
}

export function recipeId(bytes: Uint8Array, blake3: Blake3): Uint8Array {
  const message = Buffer.allocUnsafe(DOMAIN_BYTES + bytes.length);
  message.set(RECIPE_DOMAIN, 0);
  message.set(bytes, DOMAIN_BYTES);
  return blake3(message);
}

/** @throws FormatError when the bytes are not the one legal encoding of a segment. */
export function decodeRecipe(bytes: Uint8Array): Recipe {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES) throw new FormatError('truncated', STRUCTURE, bytes.length, 'no header');
  if (view.getUint32(0, true) !== MAGIC) throw new FormatError('bad-magic', STRUCTURE, 0, 'not a recipe');
  const segmentLength = view.getUint32(12, true);
  const holeCount = view.getUint32(16, true);
  const chunkCount = view.getUint32(20, true);
  if (segmentLength === 0 || segmentLength > SEGMENT_BYTES) {
    throw new FormatError('bad-value', STRUCTURE, 12, `segment length ${segmentLength}`);
  }
  if (holeCount > SEGMENT_BYTES / BLOCK_BYTES || chunkCount > SEGMENT_BYTES) {
    throw new FormatError('too-large', STRUCTURE, 16, `${holeCount} holes, ${chunkCount} chunks`);
  }
  const expected = HEADER_BYTES + 8 * holeCount + (4 + HASH_BYTES) * chunkCount;
  if (bytes.length !== expected) {
    throw new FormatError('truncated', STRUCTURE, bytes.length, `expected ${expected} bytes`);
  }
  const holes = readColumn(view, HEADER_BYTES, holeCount * 2);
  const lengths = readColumn(view, HEADER_BYTES + 8 * holeCount, chunkCount);
  return {
    chunker: Buffer.from(bytes.buffer, bytes.byteOffset + 4, 8).toString('hex'),
    segmentLength,
    holes,
    offsets: placeChunks(segmentLength, holes, lengths),
    lengths,
    ids: bytes.subarray(HEADER_BYTES + 8 * holeCount + 4 * chunkCount),
  };
}

function readColumn(view: DataView, at: number, count: number): Uint32Array {
  const column = new Uint32Array(count);
  for (let i = 0; i < count; i++) column[i] = view.getUint32(at + 4 * i, true);
  return column;
}

/** Lays the chunks into what the holes leave; rejects overlaps, gaps and edges off the grid. */
function placeChunks(segmentLength: number, holes: Uint32Array, lengths: Uint32Array): Uint32Array {
  const offsets = new Uint32Array(lengths.length);
  let next = 0;
  let position = 0;
  for (let h = 0; h <= holes.length; h += 2) {
    const last = h === holes.length;
    const runEnd = last ? segmentLength : holes[h]!;
    const holeEnd = last ? segmentLength : runEnd + holes[h + 1]!;
    if (!last) checkHole(h, position, runEnd, holeEnd, segmentLength);
    while (position < runEnd) {
      const length = lengths[next];
      if (length === undefined || length === 0 || position + length > runEnd) {
        throw new FormatError(
          'bad-value',
          STRUCTURE,
          HEADER_BYTES,
          `chunk ${next} does not fit its data run`,
        );
      }
      offsets[next++] = position;
      position += length;
    }
    position = holeEnd;
  }
  if (next !== lengths.length) {
    throw new FormatError('bad-value', STRUCTURE, HEADER_BYTES, 'more chunks than the segment holds');
  }
  return offsets;
}

function checkHole(h: number, from: number, start: number, end: number, segmentLength: number): void {
  const onGrid = start % BLOCK_BYTES === 0 && (end % BLOCK_BYTES === 0 || end === segmentLength);
  // Adjacent holes would be one: only the first may start where the walk stands.
  const apart = start > from || (h === 0 && start === 0);
  if (!onGrid || !apart || end <= start || end > segmentLength) {
    throw new FormatError('bad-value', STRUCTURE, HEADER_BYTES + 4 * h, `hole ${start}-${end}`);
  }
}
