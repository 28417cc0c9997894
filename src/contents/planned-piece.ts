/** What is to be fetched: a chunk, the place it is taken from, and the place it goes to. */
import { HASH_BYTES } from '../../store-format/index.js';
import type { Home } from '../packs/pack-catalog.js';

export interface StoredPiece {
  readonly home: Home;
  /** Byte offset in the target. */
  readonly target: number;
}

/** A chunk that a local file seems to hold. */
export interface SeedPiece {
  /** Path of the file, and byte offset in it. */
  readonly seed: string;
  readonly offset: number;
  readonly length: number;
  /** The id stands at byte `at`. */
  readonly ids: Buffer;
  readonly at: number;
  readonly target: number;
}

export type PlannedPiece = StoredPiece | SeedPiece;

export function isSeedPiece(piece: PlannedPiece): piece is SeedPiece {
  return 'seed' in piece;
}

export function lengthOf(piece: PlannedPiece): number {
  return isSeedPiece(piece) ? piece.length : piece.home.footer.lengths[piece.home.ordinal]!;
}

/** 32 bytes. */
export function idOf(piece: PlannedPiece): Buffer {
  if (isSeedPiece(piece)) return piece.ids.subarray(piece.at, piece.at + HASH_BYTES);
  const at = HASH_BYTES * piece.home.ordinal;
  return piece.home.footer.ids.subarray(at, at + HASH_BYTES);
}
