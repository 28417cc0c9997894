import type { SpanDifference } from './compare-disk.js';

/** What of a span differs, to the edges of its chunks. */
export function differingBytes({ segments, dirty }: SpanDifference): {
  readonly chunkBytes: number;
  readonly dirtyBytes: number;
} {
  let chunkBytes = 0;
  for (const { segment, chunks } of segments) {
    for (const i of chunks) chunkBytes += segment.recipe.lengths[i]!;
  }
  return { chunkBytes, dirtyBytes: dirty.reduce((sum, { length }) => sum + length, 0) };
}
