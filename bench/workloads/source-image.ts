/** What the bench has to know of an image before anything is measured: how much of it is data. */
import { open } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { SourceImage } from '../tool.js';

const BLOCK_BYTES = 4096;
const STEP_BYTES = 1024 * BLOCK_BYTES;
const ZEROS = Buffer.alloc(STEP_BYTES);

export async function inspectImage(path: string): Promise<SourceImage> {
  await using file = await open(path);
  const step = Buffer.allocUnsafe(STEP_BYTES);
  let [sizeBytes, dataBytes] = [0, 0];
  for (;;) {
    const { bytesRead } = await file.read(step, 0, STEP_BYTES, sizeBytes);
    if (bytesRead === 0) break;
    sizeBytes += bytesRead;
    dataBytes += countData(step.subarray(0, bytesRead));
  }
  return { name: basename(path, extname(path)), path, sizeBytes, dataBytes };
}

function countData(bytes: Buffer): number {
  if (isZero(bytes, 0, bytes.length)) return 0;
  let dataBytes = 0;
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
    const end = Math.min(start + BLOCK_BYTES, bytes.length);
    if (!isZero(bytes, start, end)) dataBytes += end - start;
  }
  return dataBytes;
}

function isZero(bytes: Buffer, start: number, end: number): boolean {
  return bytes.compare(ZEROS, 0, end - start, start, end) === 0;
}
