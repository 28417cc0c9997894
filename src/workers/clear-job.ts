import { readSync } from 'node:fs';
import { isZero } from '../chunking/holes.js';
import { nativeExtensions } from '../system/native-extensions.js';
import { failureOf, writeAll } from './fetch-job.js';
import type { ClearJob, ClearResult } from './jobs.js';

/** A range read at a time; as large as `isZero` compares. */
const STEP_BYTES = 1024 * 1024;

/**
 * Makes a range read as zeros: by punching a hole, which costs nothing; where that cannot be done, by writing
 * zeros over what is not zero yet.
 */
export function clear({ fd, offset, length }: ClearJob): ClearResult {
  if (punch(fd, offset, length)) return { writtenBytes: 0 };
  let writtenBytes = 0;
  const bytes = Buffer.alloc(STEP_BYTES);
  const zeros = Buffer.alloc(STEP_BYTES);
  try {
    for (let at = offset; at < offset + length; at += STEP_BYTES) {
      const step = Math.min(STEP_BYTES, offset + length - at);
      const count = readSync(fd, bytes, 0, step, at);
      if (count === step && isZero(bytes, 0, step)) continue;
      writeAll(fd, zeros, 0, step, at);
      writtenBytes += step;
    }
    return { writtenBytes };
  } catch (error) {
    return { writtenBytes, failure: failureOf(error) };
  }
}

function punch(fd: number, offset: number, length: number): boolean {
  try {
    nativeExtensions().trimSync(fd, offset, length);
    return true;
  } catch {
    return false; // not here: zeros can still be written
  }
}
