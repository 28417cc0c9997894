/** What tests of targets compute for themselves: blocks that differ, files that stand somewhere. */
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { folderFor } from './machine.js';

const BLOCK = 4096;
const MIB = 1024 ** 2;

/** Bytes of the 4 KiB blocks in which the new content is data and differs from the old; zeros stand behind both. */
export function differingDataBytes(old: Buffer, wanted: Buffer): number {
  let bytes = 0;
  for (let at = 0; at < wanted.length; at += BLOCK) {
    const end = Math.min(at + BLOCK, wanted.length);
    const block = wanted.subarray(at, end);
    const held = Buffer.alloc(end - at);
    old.copy(held, 0, Math.min(at, old.length), Math.min(end, old.length));
    if (!block.equals(held) && block.some((byte) => byte !== 0)) bytes += end - at;
  }
  return bytes;
}

/** A file of the test's own that holds these bytes. */
export function fileWith(t: ExecutionContext, bytes: Uint8Array): string {
  const path = join(folderFor(t), 'disk');
  writeFileSync(path, bytes);
  return path;
}

/** The first byte of each MiB: shows whether something was written, at little cost. Zeros stand behind the file's end. */
export function glance(path: string, size: number): string {
  const file = openSync(path, 'r');
  const bytes = Buffer.alloc(Math.ceil(size / MIB));
  for (let i = 0; i < bytes.length; i++) readSync(file, bytes, i, 1, i * MIB);
  closeSync(file);
  return bytes.toString('hex');
}
