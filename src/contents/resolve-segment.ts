/**
 * One segment after the other, with its chunks. What cannot be resolved is lost as a whole,
 * and whoever walks an image goes on to the next.
 */
import { SEGMENT_BYTES } from '../../store-format/index.js';
import { StoreError } from '../errors.js';
import type { LostPiece } from './chunk-fetcher.js';
import type { ImageContents, Row, Segment } from './image-contents.js';

export interface LostRange {
  readonly offset: number;
  readonly length: number;
  readonly code:
    | 'chunk-damaged'
    | 'chunk-missing'
    | 'object-damaged'
    | 'object-missing'
    | 'object-unreadable';
  readonly reason: string;
  readonly chunk?: string;
}

/** The segment, or the range that is lost with it. */
export function resolveSegment(contents: ImageContents, number: number): Promise<Segment | LostRange> {
  return orLost(contents, number, () => contents.segment(number));
}

/** What the page says of the segment, for which no recipe is fetched, or the range that is lost with its page. */
export function resolveRow(contents: ImageContents, number: number): Promise<Row | LostRange> {
  return orLost(contents, number, () => contents.row(number));
}

async function orLost<Found>(
  contents: ImageContents,
  number: number,
  read: () => Promise<Found>,
): Promise<Found | LostRange> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const { code } = error;
    if (code !== 'object-damaged' && code !== 'object-missing' && code !== 'object-unreadable') throw error;
    return {
      offset: number * SEGMENT_BYTES,
      length: contents.lengthOf(number),
      code,
      reason: error.message,
      ...(error.details.chunk === undefined ? {} : { chunk: error.details.chunk }),
    };
  }
}

export function isLost(found: object): found is LostRange {
  return 'reason' in found;
}

/** @param base byte offset in the image of the target's first byte */
export function lostRange(lost: LostPiece, base: number): LostRange {
  return {
    offset: base + lost.target,
    length: lost.length,
    code: lost.code,
    reason: lost.reason,
    chunk: lost.chunk,
  };
}
