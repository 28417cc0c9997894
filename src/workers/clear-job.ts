import { nativeExtensions } from '../system/native-extensions.js';
import type { ClearJob, ClearResult } from './jobs.js';
import { failureOf, writeDifferences } from './write-target.js';

const zeros = Buffer.alloc(1024 * 1024);

/**
 * Makes ranges read as zeros: by punching holes, which costs nothing; where that cannot be done, by writing zeros over
 * the blocks that are not zero yet.
 */
export function clear({ fd, ranges }: ClearJob): ClearResult {
  let writtenBytes = 0;
  try {
    for (let r = 0; r < ranges.length; r += 2) {
      const [offset, length] = [ranges[r]!, ranges[r + 1]!];
      if (!punch(fd, offset, length)) writtenBytes += writeZeros(fd, offset, length);
    }
    return { writtenBytes };
  } catch (error) {
    return { writtenBytes, failure: failureOf(error) };
  }
}

function writeZeros(fd: number, offset: number, length: number): number {
  let written = 0;
  for (let at = offset; at < offset + length; at += zeros.length) {
    written += writeDifferences(fd, zeros, 0, Math.min(zeros.length, offset + length - at), at);
  }
  return written;
}

function punch(fd: number, offset: number, length: number): boolean {
  try {
    nativeExtensions().trimSync(fd, offset, length);
    return true;
  } catch {
    return false; // not here: zeros can still be written
  }
}
