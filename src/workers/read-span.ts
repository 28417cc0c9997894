import { readSync } from 'node:fs';
import { appendExtent, type Extent } from '../../store-format/layouts.js';
import { errnoOf, messageOf } from '../errors.js';
import { systemCalls } from '../system/calls.js';
import type { IoFailure, SpanBytes } from './jobs.js';

/** Size of a try around a bad spot, before single sectors are tried. */
const RETRY_BYTES = 64 * 1024;

export interface SpanRead {
  readonly bytes: Buffer;
  readonly badRanges: readonly Extent[];
  readonly failure?: IoFailure;
}

/** Fills the span's memory from its file, if it has one. A file that ends too early is a failure. */
export function readSpan({ memory, length, file }: SpanBytes): SpanRead {
  const bytes = Buffer.from(memory, 0, length);
  if (file === undefined) return { bytes, badRanges: [] };
  const badRanges: Extent[] = [];
  const bad = file.onReadError === 'zero' ? badRanges : undefined;
  let done = 0;
  for (const [start, end] of dataIn(file, length)) {
    if (!file.keepGaps) bytes.fill(0, done, start);
    const failure = readRange(bytes, start, end, file, bad);
    if (failure !== undefined) return { bytes, badRanges, failure };
    done = end;
  }
  if (!file.keepGaps) bytes.fill(0, done);
  return { bytes, badRanges };
}

function* dataIn({ extents }: SpanFile, length: number): Generator<readonly [number, number]> {
  if (extents === undefined) yield [0, length];
  else for (let i = 0; i < extents.length; i += 2) yield [extents[i]!, extents[i]! + extents[i + 1]!];
}

type SpanFile = NonNullable<SpanBytes['file']>;

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
