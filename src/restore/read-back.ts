import { fsync } from 'node:fs';
import { promisify } from 'node:util';
import { HASH_BYTES, SEGMENT_BYTES } from '../../store-format/index.js';
import type { ImageContents } from '../contents/image-contents.js';
import type { DiskTarget } from '../disks/disk-target.js';
import { SPAN_BYTES } from '../disks/spans.js';
import { errnoOf, messageOf, StoreError } from '../errors.js';
import { systemCalls } from '../system/calls.js';
import type { Workers } from '../workers/jobs.js';
import { SharedMemory } from '../workers/shared-memory.js';
import type { WriteSettings } from './write-disk.js';

/** Reads a target back and compares each segment with the image's digests. @throws target-mismatch */
export async function readBack(
  workers: Workers,
  contents: ImageContents,
  target: DiskTarget,
  { signal, renew, onBytes }: Pick<WriteSettings, 'signal' | 'renew' | 'onBytes'>,
): Promise<void> {
  // What is still to be written cannot be forgotten, and reading it back would test the memory alone.
  await writeOut(target);
  systemCalls()?.forgetCached(target.fd);
  const memory = new SharedMemory(SPAN_BYTES, 2 * workers.parallelism);
  const running = new Set<Promise<void>>();
  const check = async (offset: number, piece: SharedArrayBuffer) => {
    const length = Math.min(SPAN_BYTES, contents.size - offset);
    const file = { fd: target.fd, offset, onReadError: 'fail', sectorSize: 512 } as const;
    const { digests, failure } = await workers.hash({ memory: piece, length, file });
    memory.release(piece);
    if (failure !== undefined) throw mismatch(target, failure.offset, failure.message);
    for (let i = 0; i * SEGMENT_BYTES < length; i++) {
      const { digest } = await contents.row(offset / SEGMENT_BYTES + i);
      if (Buffer.compare(digest, digests.subarray(HASH_BYTES * i, HASH_BYTES * (i + 1))) !== 0) {
        throw mismatch(target, offset + i * SEGMENT_BYTES, 'it reads other bytes than were written');
      }
    }
    onBytes(length);
  };
  try {
    for (let offset = 0; offset < contents.size; offset += SPAN_BYTES) {
      signal?.throwIfAborted();
      await renew();
      const piece = await memory.acquire();
      const run = check(offset, piece).finally(() => running.delete(run));
      running.add(run);
      if (running.size >= 2 * workers.parallelism) await Promise.race(running);
    }
    await Promise.all(running);
  } finally {
    await Promise.allSettled(running);
  }
}

async function writeOut({ fd, path }: DiskTarget): Promise<void> {
  try {
    await promisify(fsync)(fd);
  } catch (error) {
    const details = { path, errno: errnoOf(error) ?? 'EIO' };
    throw new StoreError('target-unwritable', `Cannot write ${path}: ${messageOf(error)}`, details, {
      cause: error,
    });
  }
}

function mismatch(target: DiskTarget, offset: number, why: string): StoreError {
  return new StoreError('target-mismatch', `${target.path} failed the check at byte ${offset}: ${why}`, {
    path: target.path,
    offset,
  });
}
