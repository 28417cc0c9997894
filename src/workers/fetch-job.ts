/**
 * Frames to pieces: [1] read the frame, [2] decompress it once, [3] hash each piece and compare with its id,
 * [4] put neighbours that go to neighbouring places there by one write. Nothing unchecked is written.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { HASH_BYTES, heldBytes } from '../../store-format/layouts.js';
import { decompressFrame } from '../compression/zstd.js';
import { openFrame } from '../encryption/frame-seals.js';
import { errnoOf, messageOf } from '../errors.js';
import { entryHashOf } from '../hashing/keyed-ids.js';
import type { FetchFrame, FetchJob, FetchResult, WhyBad } from './jobs.js';
import { failureOf, writeAll, writeDifferences } from './write-target.js';

/** Frames that a reader in order needs again are few: those that its last step ended in. */
const KEPT_FRAMES = 16;
/** Errors of zstd have codes as well. */
const ERRNO = /^E[A-Z0-9]+$/;
const kept = new Map<string, Buffer>();

let storedBuffer = Buffer.alloc(0);
let plainBuffer = Buffer.alloc(0);

export function fetch(job: FetchJob): FetchResult {
  const files = new Map<string, number>();
  const bad: FetchResult['bad'][number][] = [];
  let writtenBytes = 0;
  let piece = 0;
  try {
    for (const frame of job.frames) {
      const end = piece + frame.pieces;
      const plain = plainBytesOf(frame, files, job.keepFrames); // [1] [2]
      if (!Buffer.isBuffer(plain)) {
        for (; piece < end; piece++) bad.push({ piece, ...plain });
        continue;
      }
      const good = checkPieces(job, plain, piece, end, bad); // [3]
      writtenBytes += putPieces(job, plain, good); // [4]
      piece = end;
    }
    return { writtenBytes, bad };
  } catch (error) {
    return { writtenBytes, bad, failure: failureOf(error) };
  } finally {
    for (const fd of files.values()) closeSync(fd);
  }
}

/** @returns the frame's plain bytes, or why they cannot be had */
function plainBytesOf(frame: FetchFrame, files: Map<string, number>, keep: boolean): Buffer | WhyBad {
  if (frame.failure !== undefined) return { reason: frame.failure, isUnreadable: true };
  const key = typeof frame.source === 'string' ? `${frame.source}:${frame.offset}` : undefined;
  const known = key === undefined ? undefined : kept.get(key);
  if (known !== undefined) return known;
  try {
    const held = typeof frame.source === 'string' ? readFrame(frame, frame.source, files) : frame.source;
    const stored = frame.seal === undefined ? held : openFrame(held, frame.seal, frame.storedBytes);
    if (plainBuffer.length < frame.plainBytes) plainBuffer = Buffer.allocUnsafeSlow(frame.plainBytes);
    const plain = decompressFrame(frame.codec, stored, frame.plainBytes, plainBuffer);
    const bytes = Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
    return keep && key !== undefined ? keepFrame(key, bytes) : bytes;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return { reason: 'its pack is missing', isUnreadable: false };
    return { reason: messageOf(error), isUnreadable: errno !== undefined && ERRNO.test(errno) };
  }
}

function keepFrame(key: string, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  kept.set(key, copy);
  if (kept.size > KEPT_FRAMES) kept.delete(kept.keys().next().value!);
  return copy;
}

function readFrame(frame: FetchFrame, path: string, files: Map<string, number>): Buffer {
  let fd = files.get(path);
  if (fd === undefined) {
    fd = openSync(path, 'r');
    files.set(path, fd);
  }
  const length = heldBytes(frame);
  if (storedBuffer.length < length) storedBuffer = Buffer.allocUnsafeSlow(length);
  let done = 0;
  while (done < length) {
    const count = readSync(fd, storedBuffer, done, length - done, frame.offset + done);
    if (count === 0) throw new Error('its file ends before the frame does');
    done += count;
  }
  return storedBuffer.subarray(0, length);
}

/** @returns the pieces that hash to their ids */
function checkPieces(
  job: FetchJob,
  plain: Buffer,
  from: number,
  to: number,
  bad: FetchResult['bad'][number][],
): number[] {
  const entryHash = entryHashOf(job.entryKey);
  const good: number[] = [];
  let checked = -1;
  for (let piece = from; piece < to; piece++) {
    const offset = job.offsets[piece]!;
    // The same entry for another place: pieces are sorted by their offset in the frame. Seeds are found by a part of
    // the id, so that two ids can claim one place: only what was hashed for the same id is good.
    const again = checked >= 0 && job.offsets[checked] === offset && equalIds(job.ids, checked, piece);
    const bytes = plain.subarray(offset, offset + job.lengths[piece]!);
    if (again || isId(entryHash(bytes), job.ids, piece)) {
      good.push(piece);
      checked = piece;
    } else {
      bad.push({ piece, reason: 'its bytes differ from those that were stored', isUnreadable: false });
    }
  }
  return good;
}

function isId(id: Uint8Array, ids: Uint8Array, piece: number): boolean {
  return Buffer.compare(id, ids.subarray(HASH_BYTES * piece, HASH_BYTES * (piece + 1))) === 0;
}

function equalIds(ids: Uint8Array, a: number, b: number): boolean {
  const idOf = (piece: number) => ids.subarray(HASH_BYTES * piece, HASH_BYTES * (piece + 1));
  return Buffer.compare(idOf(a), idOf(b)) === 0;
}

function putPieces(job: FetchJob, plain: Buffer, pieces: readonly number[]): number {
  let written = 0;
  for (let i = 0; i < pieces.length; ) {
    const first = pieces[i]!;
    const offset = job.offsets[first]!;
    const target = job.targets[first]!;
    let length = job.lengths[first]!;
    for (i++; i < pieces.length; i++) {
      const next = pieces[i]!;
      if (job.offsets[next] !== offset + length || job.targets[next] !== target + length) break;
      length += job.lengths[next]!;
    }
    written += put(job, plain, offset, length, target);
  }
  return written;
}

/** @returns bytes written */
function put(job: FetchJob, plain: Buffer, offset: number, length: number, target: number): number {
  switch (job.target.kind) {
    case 'none':
      return 0;
    case 'memory':
      plain.copy(Buffer.from(job.target.memory), target, offset, offset + length);
      return length;
    case 'file':
      writeAll(job.target.fd, plain, offset, length, target);
      return length;
    case 'differences':
      return writeDifferences(job.target.fd, plain, offset, length, target);
  }
}
