/**
 * A source as spans: runs of whole segments, in order. A span's bytes are read by a worker (files, devices), stand
 * in shared memory already (streams), or are a hole that the file system knows of and nobody needs to read.
 */
import { SEGMENT_BYTES } from '../../store-format/index.js';
import { systemCalls } from '../system/calls.js';
import type { SpanBytes } from '../workers/jobs.js';
import type { SharedMemory } from '../workers/shared-memory.js';
import type { DiskSource } from './disk-source.js';

/** The unit of work: long enough for sequential reads, short enough that a few fit in memory. */
export const SPAN_BYTES: number = 4 * SEGMENT_BYTES;

export interface Span {
  /** Byte offset in the image. */
  readonly offset: number;
  readonly length: number;
  /** Undefined for a hole, and for what is unchanged. */
  readonly bytes?: SpanBytes;
  /** Nothing of it was read: somebody says that it is as it was in the parent. */
  readonly unchanged?: true;
}

/** The taker of a span releases its memory. */
export async function* spansOf(
  source: DiskSource,
  memory: SharedMemory,
  onReadError: 'fail' | 'zero',
): AsyncGenerator<Span> {
  if (source.stream !== undefined) yield* streamSpans(source.stream, memory);
  else yield* fileSpans(source, source.fd!, source.size!, memory, onReadError);
}

async function* fileSpans(
  source: DiskSource,
  fd: number,
  size: number,
  memory: SharedMemory,
  onReadError: 'fail' | 'zero',
): AsyncGenerator<Span> {
  const extentsIn = source.kind === 'file' ? extentFinder(fd) : () => undefined;
  for (let offset = 0; offset < size; ) {
    const { length, extents } = nextRun(extentsIn, offset, size);
    if (extents?.length === 0) yield { offset, length };
    else {
      const file = { fd, offset, onReadError, sectorSize: source.sectorSize, ...(extents && { extents }) };
      yield { offset, length, bytes: { memory: await memory.acquire(), length, file } };
    }
    offset += length;
  }
}

/** Segments that are holes, or up to a span of others: a hole inside a span need be neither read nor filled. */
function nextRun(
  extentsIn: ExtentFinder,
  offset: number,
  size: number,
): { length: number; extents: number[] | undefined } {
  const limit = Math.min(SPAN_BYTES, size - offset);
  const extents: number[] = [];
  for (let at = 0; at < limit; at += SEGMENT_BYTES) {
    const found = extentsIn(offset + at, offset + Math.min(at + SEGMENT_BYTES, limit));
    if (found === undefined) return { length: limit, extents: undefined };
    if (at > 0 && (found.length === 0) !== (extents.length === 0)) return { length: at, extents };
    for (let i = 0; i < found.length; i += 2) extents.push(at + found[i]!, found[i + 1]!);
  }
  return { length: limit, extents };
}

/** Which parts of a range hold data, as far as the file system tells: pairs (start, length) from the range's start. */
export type ExtentFinder = (start: number, end: number) => readonly number[] | undefined;

export function extentFinder(fd: number): ExtentFinder {
  const calls = systemCalls();
  if (calls === undefined) return () => undefined;
  let holeUntil = 0;
  let holeFrom = 0;
  return (start, end) => {
    if (start >= holeFrom && end <= holeUntil) return [];
    const extents: number[] = [];
    for (let at = start; at < end; ) {
      const data = calls.seek(fd, at, 'data');
      // None ahead: a hole to the end; or the file system knows no holes, or the file shrank: reading will tell.
      const dataFrom = data < 0 && calls.seek(fd, at, 'hole') !== at ? at : data;
      if (dataFrom < 0) break;
      if (dataFrom >= end) {
        holeFrom = at;
        holeUntil = dataFrom;
        break;
      }
      const hole = calls.seek(fd, dataFrom, 'hole');
      const dataEnd = hole < 0 ? end : Math.min(hole, end);
      extents.push(dataFrom - start, dataEnd - dataFrom);
      at = dataEnd;
    }
    return extents;
  };
}

async function* streamSpans(stream: AsyncIterable<Uint8Array>, memory: SharedMemory): AsyncGenerator<Span> {
  let offset = 0;
  let current: Uint8Array | undefined;
  let filled = 0;
  for await (const piece of stream) {
    for (let at = 0; at < piece.length; ) {
      current ??= new Uint8Array(await memory.acquire());
      const count = Math.min(piece.length - at, SPAN_BYTES - filled);
      current.set(piece.subarray(at, at + count), filled);
      at += count;
      filled += count;
      if (filled < SPAN_BYTES) continue;
      yield {
        offset,
        length: filled,
        bytes: { memory: current.buffer as SharedArrayBuffer, length: filled },
      };
      offset += filled;
      filled = 0;
      current = undefined;
    }
  }
  if (current !== undefined) {
    yield { offset, length: filled, bytes: { memory: current.buffer as SharedArrayBuffer, length: filled } };
  }
}
