import type { SegmentFacts } from '../memory/own-image.js';

/** What is known of a segment once its bytes, or its digest, were looked at. */
export type ScannedSegment = SettledSegment | FoundSegment;

/** Equal to the parent's, by its digest; the lease holds the parent, so nothing of it need be looked up. */
export interface SettledSegment {
  readonly kind: 'settled';
  readonly number: number;
  readonly length: number;
  readonly recipeId: Buffer;
  readonly digest: Uint8Array;
  /** What it holds, where that is known unseen. */
  readonly holds?: SegmentFacts;
}

export interface FoundSegment {
  readonly kind: 'found';
  readonly number: number;
  readonly length: number;
  readonly recipeId: Buffer;
  readonly digest: Uint8Array;
  readonly recipe: Buffer;
  /** Byte offset of its bytes in the span's memory. */
  readonly offset: number;
  /** Recipe that the parent has in its place. */
  readonly replaces?: Buffer;
}

/** Consecutive segments; the memory holds their bytes, unless all of them are holes. */
export interface ScannedSpan {
  readonly segments: readonly ScannedSegment[];
  readonly memory?: SharedArrayBuffer;
}
