import { BLOCK_BYTES, SEGMENT_BYTES } from '../../store-format/layouts.js';

/**
 * Holes of a segment: maximal runs of at least `holeBlocks` whole zero blocks on the 4 KiB grid. They follow from
 * the bytes alone: whether a file system calls a range a hole never matters.
 */
const zeros = Buffer.alloc(SEGMENT_BYTES);

export function isZero(bytes: Buffer, start: number, end: number): boolean {
  // Most blocks that are not zero show it in their first bytes; the comparison runs at memory speed.
  return bytes[start] === 0 && bytes.compare(zeros, 0, end - start, start, end) === 0;
}

/** @returns pairs (start, length), ascending */
export function findHoles(segment: Buffer, holeBlocks: number): number[] {
  const holes: number[] = [];
  const length = segment.length;
  for (let start = 0; start < length; start += BLOCK_BYTES) {
    let end = start;
    while (end < length && isZero(segment, end, Math.min(end + BLOCK_BYTES, length))) end += BLOCK_BYTES;
    if (end - start >= holeBlocks * BLOCK_BYTES) holes.push(start, Math.min(end, length) - start);
    start = end;
  }
  return holes;
}
