/**
 * Three images from a seed, for machines that have no others: `base` is extents of media, text and zeros; `edited` is base with
 * extents written anew and many small writes; `moved` is base with some sectors put in near its start, so that
 * nearly all of it lies elsewhere, and not on the same grid of 4 KiB.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Seeded } from '../seeded.js';
import type { SourceImage } from '../tool.js';
import { inspectImage } from './source-image.js';

const KIB = 1024;
const BLOCK_BYTES = 4 * KIB;
const MAX_EXTENT_BLOCKS = 512;
/** Of 16 extents 5 are zeros, 6 text, 5 media: about what a disk in use is like. */
const ZERO_SHARE = 5;
const TEXT_SHARE = 11;
/** One extent of 40 changes, and one block of 4 KiB in each 4 MiB. */
const EXTENTS_PER_CHANGE = 40;
const BYTES_PER_WRITE = 4 * KIB * KIB;
/** 37 sectors: no multiple of 4 KiB. */
const MOVED_BYTES = 37 * 512;
const COPY_BYTES = 4 * KIB * KIB;

export async function makeSynthetic(folder: string, sizeBytes: number): Promise<readonly SourceImage[]> {
  const path = (name: string) => join(folder, `${name}.raw`);
  await writeSeededDisk(path('base'), sizeBytes, 'bench, base');
  await writeEdited(path('base'), path('edited'), sizeBytes);
  await writeMoved(path('base'), path('moved'), sizeBytes);
  const images: SourceImage[] = [];
  for (const name of ['base', 'edited', 'moved']) images.push(await inspectImage(path(name)));
  return images;
}

export async function writeSeededDisk(path: string, sizeBytes: number, seed: string): Promise<void> {
  const seeded = new Seeded(seed);
  await using image = await open(path, 'w');
  await image.truncate(sizeBytes);
  for (let offset = 0; offset < sizeBytes; ) {
    const length = Math.min(extentBytes(seeded), sizeBytes - offset);
    await writeExtent(image, seeded, offset, length);
    offset += length;
  }
}

async function writeEdited(base: string, path: string, sizeBytes: number): Promise<void> {
  const seeded = new Seeded('bench, edited');
  await copyFrom(base, path, 0, 0, sizeBytes);
  await using image = await open(path, 'r+');
  const meanExtentBytes = (MAX_EXTENT_BLOCKS * BLOCK_BYTES) / 2;
  for (let left = sizeBytes / meanExtentBytes / EXTENTS_PER_CHANGE; left > 0; left--) {
    const length = Math.min(extentBytes(seeded), sizeBytes);
    await writeExtent(image, seeded, anyBlock(seeded, sizeBytes - length), length);
  }
  for (let left = sizeBytes / BYTES_PER_WRITE; left > 0; left--) {
    await image.write(seeded.text(BLOCK_BYTES), 0, BLOCK_BYTES, anyBlock(seeded, sizeBytes - BLOCK_BYTES));
  }
}

async function writeMoved(base: string, path: string, sizeBytes: number): Promise<void> {
  const start = Math.floor(sizeBytes / 16 / BLOCK_BYTES) * BLOCK_BYTES;
  await copyFrom(base, path, 0, 0, start);
  await copyFrom(base, path, start, start + MOVED_BYTES, sizeBytes - start - MOVED_BYTES);
  await using image = await open(path, 'r+');
  await image.write(new Seeded('bench, moved').media(MOVED_BYTES), 0, MOVED_BYTES, start);
}

async function writeExtent(image: FileHandle, seeded: Seeded, offset: number, length: number): Promise<void> {
  const kind = seeded.integer(16);
  if (kind < ZERO_SHARE) return;
  const bytes = kind < TEXT_SHARE ? seeded.text(length) : seeded.media(length);
  await image.write(bytes, 0, length, offset);
}

function extentBytes(seeded: Seeded): number {
  return (1 + seeded.integer(MAX_EXTENT_BLOCKS)) * BLOCK_BYTES;
}

function anyBlock(seeded: Seeded, limit: number): number {
  return seeded.integer(Math.floor(limit / BLOCK_BYTES) + 1) * BLOCK_BYTES;
}

async function copyFrom(source: string, target: string, from: number, to: number, length: number) {
  await using input = await open(source);
  await using output = await open(target, to === 0 ? 'w' : 'r+');
  const step = Buffer.allocUnsafe(COPY_BYTES);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await input.read(step, 0, Math.min(COPY_BYTES, length - done), from + done);
    if (bytesRead === 0) throw new Error(`${source} is shorter than it was made`);
    await output.write(step, 0, bytesRead, to + done);
    done += bytesRead;
  }
}
