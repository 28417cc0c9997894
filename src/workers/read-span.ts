import { readSync } from 'node:fs';
import { appendExtent, type Extent } from '../../store-format/layouts.js';
import { errnoOf, messageOf } from '../errors.js';
import { systemCalls } from '../system/calls.js';
import type { IoFailure, SpanBytes } from './jobs.js';

/** Size of a try around a bad spot, before single sectors are tried. */
const RETRY_BYTES = 64 * 1024;

type SpanFile = NonNullable<SpanBytes['file']>;

/** Reads a span part by part, so that each is worked on while it is in the processor's cache. */
export class SpanReader {
  readonly badRanges: Extent[] = [];
  readonly #bytes: Buffer;
  readonly #file: SpanFile | undefined;
  #failure: IoFailure | undefined;
  /** The extent that the last part ended in. */
  #extent = 0;

  constructor({ memory, length, file }: SpanBytes) {
    this.#bytes = Buffer.from(memory, 0, length);
    this.#file = file;
  }

  /** Why the span cannot be read; a file that ends too early is a failure. */
  get failure(): IoFailure | undefined {
    return this.#failure;
  }

  /** The bytes from `start` to `end`, of parts that follow each other; what they hold after a failure is not said. */
  read(start: number, end: number): Buffer {
    const part = this.#bytes.subarray(start, end);
    const file = this.#file;
    if (file === undefined || this.#failure !== undefined) return part;
    const bad = file.onReadError === 'zero' ? this.badRanges : undefined;
    let done = start;
    for (const [from, to] of this.#dataIn(file, start, end)) {
      if (!file.keepGaps) this.#bytes.fill(0, done, from);
      this.#failure = readRange(this.#bytes, from, to, file, bad);
      if (this.#failure !== undefined) return part;
      done = to;
    }
    if (!file.keepGaps) this.#bytes.fill(0, done, end);
    return part;
  }

  *#dataIn({ extents }: SpanFile, start: number, end: number): Generator<readonly [number, number]> {
    if (extents === undefined) {
      yield [start, end];
      return;
    }
    for (; this.#extent < extents.length; this.#extent += 2) {
      const from = extents[this.#extent]!;
      const to = from + extents[this.#extent + 1]!;
      if (from >= end) return;
      yield [Math.max(from, start), Math.min(to, end)];
      if (to > end) return;
    }
  }
}

function readRange(
  bytes: Buffer,
  from: number,
  to: number,
  file: SpanFile,
  badRanges: Extent[] | undefined,
): IoFailure | undefined {
  let at = from;
  while (at < to) {
    const offset = file.offset + at;
    let count: number;
    try {
      count = readSync(file.fd, bytes, at, to - at, offset);
    } catch (error) {
      const failure = { errno: errnoOf(error) ?? 'EIO', message: messageOf(error), offset };
      if (badRanges === undefined || failure.errno !== 'EIO') return failure;
      return readAround(bytes, at, to, file, badRanges);
    }
    if (count === 0) return { errno: 'EOF', message: 'the source ended', offset };
    at += count;
  }
  return undefined;
}

/** Something between `from` and `to` cannot be read: smaller tries find out what, and zeros stand for it. */
function readAround(
  bytes: Buffer,
  from: number,
  to: number,
  file: SpanFile,
  badRanges: Extent[],
): IoFailure | undefined {
  // Read-ahead would fail with its neighbours, and the kernel keeps what it failed to read in large pieces.
  systemCalls()?.readPrecisely(file.fd);
  const step = to - from > RETRY_BYTES ? RETRY_BYTES : file.sectorSize;
  for (let at = from; at < to; at += step) {
    const end = Math.min(at + step, to);
    if (end - at <= file.sectorSize) {
      const failure = readRange(bytes, at, end, file, undefined);
      if (failure?.errno === 'EIO') {
        bytes.fill(0, at, end);
        appendExtent(badRanges, { offset: file.offset + at, length: end - at });
      } else if (failure !== undefined) return failure;
    } else {
      const failure = readRange(bytes, at, end, file, badRanges);
      if (failure !== undefined) return failure;
    }
  }
  return undefined;
}
