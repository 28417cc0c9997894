/**
 * doppel's cutting, apart from its hashing, so that each can be timed; and of segments of any length, so that what the
 * format fixes at 1 MiB can be questioned. For 1 MiB the result is doppel's own, which a test holds.
 */

import type { Cutter } from '../../src/chunking/cut.js';
import { SEGMENT_BYTES } from '../../store-format/index.js';

export interface CutChunks {
  /** Byte offset of each chunk in the segment. */
  readonly offsets: readonly number[];
  readonly lengths: readonly number[];
}

/** @param holes pairs (start, length), ascending */
export function cutSegment(
  segment: Buffer,
  holes: readonly number[],
  cutter: Cutter,
  maxBytes: number,
): CutChunks {
  const offsets: number[] = [];
  const lengths: number[] = [];
  const window = new CutWindow(segment, cutter, maxBytes);
  let position = 0;
  for (let h = 0; h <= holes.length; h += 2) {
    const runEnd = holes[h] ?? segment.length;
    while (position < runEnd) {
      const end = window.cut(position, runEnd);
      offsets.push(position);
      lengths.push(end - position);
      position = end;
    }
    position = runEnd + (holes[h + 1] ?? 0);
  }
  return { offsets, lengths };
}

/** The cutter holds 1 MiB. Where a chunk ends depends on its own bytes alone, so it can be loaded anew at any chunk's start. */
class CutWindow {
  #start = 0;
  #end: number;

  constructor(
    private readonly segment: Buffer,
    private readonly cutter: Cutter,
    private readonly maxBytes: number,
  ) {
    this.#end = Math.min(SEGMENT_BYTES, segment.length);
    cutter.load(segment.subarray(0, this.#end));
  }

  cut(position: number, runEnd: number): number {
    if (Math.min(runEnd, position + this.maxBytes) > this.#end) {
      this.#start = position;
      this.#end = Math.min(position + SEGMENT_BYTES, this.segment.length);
      this.cutter.load(this.segment.subarray(this.#start, this.#end));
    }
    return this.#start + this.cutter.cut(position - this.#start, Math.min(runEnd, this.#end) - this.#start);
  }
}
