/** Pieces of seeds as runs: neighbours in a file come by one read, small gaps between them included. */
import { FrameCodec } from '../../store-format/index.js';
import type { FetchFrame } from '../workers/jobs.js';
import type { SeedPiece } from './planned-piece.js';

/** As long as a frame; a longer read would be no quicker. */
const MAX_RUN_BYTES = 1024 * 1024;
/** Reading this much in vain costs less than another read. */
const MAX_GAP_BYTES = 32 * 1024;

export interface SeedRun {
  readonly seed: string;
  readonly offset: number;
  readonly length: number;
  readonly pieces: readonly SeedPiece[];
}

/** @param pieces of one seed, in any order; they are sorted */
export function seedRuns(pieces: SeedPiece[]): SeedRun[] {
  pieces.sort((a, b) => a.offset - b.offset || a.target - b.target);
  const runs: SeedRun[] = [];
  for (let i = 0; i < pieces.length; ) {
    const { seed, offset } = pieces[i]!;
    const first = i;
    let end = offset;
    for (; i < pieces.length; i++) {
      const piece = pieces[i]!;
      const pieceEnd = piece.offset + piece.length;
      if (i > first && (piece.offset > end + MAX_GAP_BYTES || pieceEnd > offset + MAX_RUN_BYTES)) break;
      end = Math.max(end, pieceEnd);
    }
    runs.push({ seed, offset, length: end - offset, pieces: pieces.slice(first, i) });
  }
  return runs;
}

/** A worker reads it as a frame that was not compressed. */
export function toFetchFrame({ seed, offset, length, pieces }: SeedRun): FetchFrame {
  return {
    source: seed,
    offset,
    storedBytes: length,
    plainBytes: length,
    codec: FrameCodec.stored,
    pieces: pieces.length,
  };
}
