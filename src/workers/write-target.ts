/**
 * Writing to a target. What fails there is kept as a value, since an error would lose its code between threads.
 * `writeDifferences` writes no block that is right already.
 */
import { readSync, writeSync } from 'node:fs';
import { BLOCK_BYTES } from '../../store-format/layouts.js';
import { errnoOf, messageOf } from '../errors.js';
import type { IoFailure } from './jobs.js';

/** Most of a target that is read at a time to be compared. */
const STEP_BYTES = 1024 * 1024;

let heldBuffer: Buffer | undefined;

class TargetError extends Error {
  constructor(readonly failure: IoFailure) {
    super(failure.message);
  }
}

/** @throws TargetError */
export function writeAll(fd: number, bytes: Buffer, offset: number, length: number, target: number): void {
  let done = 0;
  while (done < length) {
    try {
      done += writeSync(fd, bytes, offset + done, length - done, target + done);
    } catch (error) {
      throw new TargetError({
        errno: errnoOf(error) ?? 'EIO',
        message: messageOf(error),
        offset: target + done,
      });
    }
  }
}

export function failureOf(error: unknown): IoFailure {
  if (error instanceof TargetError) return error.failure;
  throw error;
}

/**
 * Makes the target hold `length` bytes of `bytes`: of the blocks of its 4 KiB grid, or the parts of them that are
 * given, only those that differ are written, neighbours by one write.
 *
 * @returns bytes written
 * @throws TargetError
 */
export function writeDifferences(
  fd: number,
  bytes: Buffer,
  offset: number,
  length: number,
  target: number,
): number {
  heldBuffer ??= Buffer.allocUnsafeSlow(STEP_BYTES);
  let written = 0;
  for (let done = 0; done < length; ) {
    const at = target + done;
    const step = Math.min(length - done, STEP_BYTES - (at % STEP_BYTES));
    const held = heldBuffer.subarray(0, readHeld(fd, heldBuffer, step, at));
    written += writeStep(fd, bytes.subarray(offset + done, offset + done + step), held, at);
    done += step;
  }
  return written;
}

/** @returns how many bytes are known: fewer where the target ends or cannot be read, and there all is written */
function readHeld(fd: number, held: Buffer, length: number, at: number): number {
  let known = 0;
  try {
    while (known < length) {
      const count = readSync(fd, held, known, length - known, at + known);
      if (count === 0) break;
      known += count;
    }
  } catch {
    // A sector that cannot be read may well be written.
  }
  return known;
}

function writeStep(fd: number, wanted: Buffer, held: Buffer, target: number): number {
  if (wanted.equals(held)) return 0;
  let written = 0;
  let from = -1;
  const flush = (to: number) => {
    if (from < 0) return;
    writeAll(fd, wanted, from, to - from, target + from);
    written += to - from;
    from = -1;
  };
  for (let start = 0; start < wanted.length; ) {
    const end = Math.min(start + BLOCK_BYTES - ((target + start) % BLOCK_BYTES), wanted.length);
    const same = end <= held.length && wanted.compare(held, start, end, start, end) === 0;
    if (same) flush(start);
    else if (from < 0) from = start;
    start = end;
  }
  flush(wanted.length);
  return written;
}
