/**
 * A disk as a short input: its size, and the bytes that are not zero. A whole partition table with its file systems fits
 * a few KiB that way, so that changes hit what parsers look at; changed places move what stands there.
 *
 *   size in sectors u32 | { first sector u32, length u16, bytes }*
 */
import type { ByteReader } from '../../src/disk-layout/index.js';

export const SECTOR_BYTES = 512;
const RUN_HEAD_BYTES = 6;
const SIZE_BYTES = 4;

export interface Run {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** What somebody asked of a disk. */
export interface Spent {
  bytes: number;
  outside: number;
}

export function encodeDisk(size: number, runs: readonly Run[]): Buffer {
  const head = Buffer.alloc(SIZE_BYTES);
  head.writeUInt32LE(Math.floor(size / SECTOR_BYTES));
  return Buffer.concat([
    head,
    ...runs.flatMap(({ offset, bytes }) => {
      const runHead = Buffer.alloc(RUN_HEAD_BYTES);
      runHead.writeUInt32LE(offset / SECTOR_BYTES, 0);
      runHead.writeUInt16LE(bytes.length, 4);
      return [runHead, bytes];
    }),
  ]);
}

/** Any bytes are a disk: a run that is cut ends early. The bytes of runs are views of `input`. */
export function decodeDisk(input: Buffer): { readonly size: number; readonly runs: readonly Run[] } {
  if (input.length < SIZE_BYTES) return { size: 0, runs: [] };
  const runs: Run[] = [];
  for (let at = SIZE_BYTES; at + RUN_HEAD_BYTES <= input.length; ) {
    const from = at + RUN_HEAD_BYTES;
    const end = Math.min(input.length, from + input.readUInt16LE(at + 4));
    runs.push({ offset: input.readUInt32LE(at) * SECTOR_BYTES, bytes: input.subarray(from, end) });
    at = end;
  }
  return { size: input.readUInt32LE(0) * SECTOR_BYTES, runs };
}

export function readerOf(input: Buffer): { readonly reader: ByteReader; readonly spent: Spent } {
  const { size, runs } = decodeDisk(input);
  const spent: Spent = { bytes: 0, outside: 0 };
  const reader: ByteReader = {
    size,
    async read(offset, length) {
      spent.bytes += length;
      if (!(offset >= 0 && length > 0 && offset + length <= size)) spent.outside++;
      const page = Buffer.alloc(length);
      for (const { offset: at, bytes } of runs) {
        if (at >= offset + length || at + bytes.length <= offset) continue;
        bytes.copy(page, Math.max(0, at - offset), Math.max(0, offset - at));
      }
      return page;
    },
  };
  return { reader, spent };
}

/** The run that holds a range whole, as a view: what is written to it changes the input. */
export function viewOf(runs: readonly Run[], offset: number, length: number): Buffer | undefined {
  const run = runs.find(
    (candidate) => candidate.offset <= offset && offset + length <= candidate.offset + candidate.bytes.length,
  );
  return run?.bytes.subarray(offset - run.offset, offset - run.offset + length);
}

/** Only the sectors of an image that are not zero, up to `end`. */
export function sparseCopy(size: number, pages: ReadonlyMap<number, Buffer>): Buffer {
  const runs: Run[] = [];
  for (const [offset, page] of [...pages].sort(([a], [b]) => a - b)) {
    for (let at = 0; at < page.length; at += SECTOR_BYTES) {
      const sector = page.subarray(at, at + SECTOR_BYTES);
      if (sector.every((byte) => byte === 0)) continue;
      const last = runs.at(-1);
      if (
        last !== undefined &&
        last.offset + last.bytes.length === offset + at &&
        last.bytes.length < 32_768
      ) {
        runs[runs.length - 1] = { offset: last.offset, bytes: Buffer.concat([last.bytes, sector]) };
      } else runs.push({ offset: offset + at, bytes: Buffer.from(sector) });
    }
  }
  return encodeDisk(size, runs);
}
