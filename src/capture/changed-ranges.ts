/**
 * What somebody else says has changed since the parent: a list of byte ranges, as `rbd diff --format json` prints it,
 * or `{"ranges": [...]}`.
 */
import * as v from 'valibot';
import { type Extent, SEGMENT_BYTES } from '../../store-format/index.js';
import { StoreError } from '../errors.js';

const OffsetSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** Other fields, such as `exists` of rbd, are passed over: a discarded range reads as zeros. */
const RangesSchema = v.array(v.object({ offset: OffsetSchema, length: OffsetSchema }));
const DocumentSchema = v.union([RangesSchema, v.object({ ranges: RangesSchema })]);

/** @param text JSON. @throws bad-setting */
export function parseChangedRanges(text: string): readonly Extent[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw notRanges('it is not JSON', { cause });
  }
  const { success, output } = v.safeParse(DocumentSchema, document);
  if (!success) throw notRanges('it is no list of {"offset": bytes, "length": bytes}');
  const ranges = Array.isArray(output) ? output : output.ranges;
  if (ranges.some(({ offset, length }) => !Number.isSafeInteger(offset + length)))
    throw notRanges('a range ends beyond 2^53');
  return ranges;
}

function notRanges(why: string, options?: ErrorOptions): StoreError {
  return new StoreError('bad-setting', `This is no list of changed ranges: ${why}`, {}, options);
}

/** Ranges in order, joined where they touch, cut at the disk's end. */
export class ChangedRanges {
  readonly #ranges: readonly Extent[];

  constructor(
    ranges: readonly Extent[],
    private readonly size: number,
  ) {
    const joined: { offset: number; length: number }[] = [];
    for (const { offset, length } of [...ranges].sort((a, b) => a.offset - b.offset)) {
      const end = Math.min(offset + length, size);
      if (end <= offset) continue;
      const last = joined.at(-1);
      if (last !== undefined && offset <= last.offset + last.length)
        last.length = Math.max(last.length, end - last.offset);
      else joined.push({ offset, length: end - offset });
    }
    this.#ranges = joined;
  }

  /** Runs of segments that are touched, and of those that are not: all of the disk, in order. */
  *runs(): Generator<{ readonly first: number; readonly end: number; readonly touched: boolean }> {
    const count = Math.ceil(this.size / SEGMENT_BYTES);
    let at = 0;
    for (const { offset, length } of this.#ranges) {
      const first = Math.max(at, Math.floor(offset / SEGMENT_BYTES));
      const end = Math.ceil((offset + length) / SEGMENT_BYTES);
      if (first > at) yield { first: at, end: first, touched: false };
      if (end > first) yield { first, end, touched: true };
      at = Math.max(at, end);
    }
    if (count > at) yield { first: at, end: count, touched: false };
  }

  /** Parts of a range that have changed: pairs (start, length) from its start. */
  within(start: number, end: number): readonly number[] {
    const pairs: number[] = [];
    for (let i = this.#firstEndingAfter(start); i < this.#ranges.length; i++) {
      const { offset, length } = this.#ranges[i]!;
      if (offset >= end) break;
      const from = Math.max(offset, start);
      pairs.push(from - start, Math.min(offset + length, end) - from);
    }
    return pairs;
  }

  #firstEndingAfter(position: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { offset, length } = this.#ranges[middle]!;
      if (offset + length > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
