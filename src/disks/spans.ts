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
  /** Undefined for a hole. */
  readonly bytes?: SpanBytes;
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
  const nextData = source.kind === 'file' ? dataFinder(fd, size) : (offset: number) => offset;
  for (let offset = 0; offset < size; offset += SPAN_BYTES) {
    const length = Math.min(SPAN_BYTES, size - offset);
    if (nextData(offset) >= offset + length) {
      yield { offset, length };
      continue;
    }
    const file = { fd, offset, onReadError, sectorSize: source.sectorSize };
    yield { offset, length, bytes: { memory: await memory.acquire(), length, file } };
  }
}

/** Where data begins at or after an offset, as far as the file system tells. */
export function dataFinder(fd: number, size: number): (offset: number) => number {
  const calls = systemCalls();
  if (calls === undefined) return (offset) => offset;
  let from = 0;
  let found = -1;
  return (offset) => {
    if (offset >= from && offset <= found) return found; // nothing but hole up to there
    from = offset;
    const data = calls.seek(fd, offset, 'data');
    found = data < 0 ? endOfData(calls, fd, offset, size) : data;
    return found;
  };
}

/** No data ahead: either a hole to the end, or a file system that knows no holes. */
function endOfData(
  calls: NonNullable<ReturnType<typeof systemCalls>>,
  fd: number,
  offset: number,
  size: number,
): number {
  return calls.seek(fd, offset, 'hole') === offset ? size : offset;
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
