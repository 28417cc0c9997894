/** Disks for simulated captures: tiny, mostly holes, made of a few blocks that all disks share. */
import { seededBytes } from '../support/seeded-disk.js';
import type { Random } from './random.js';

const BLOCK = 4096;
const SEGMENT_BLOCKS = 256;
/** So few that captures which know nothing of each other share some. */
const CONTENTS = 32;

const contents: readonly Buffer[] = Array.from({ length: CONTENTS }, (_, i) =>
  seededBytes(`block ${i}`, BLOCK),
);

/** Which block of the disk holds which content; what is not named is zero. */
export interface SmallDisk {
  readonly size: number;
  readonly blocks: ReadonlyMap<number, number>;
}

export function newDisk(random: Random): SmallDisk {
  const segments = random.weighted({ none: 10, one: 1.5, two: 0.3 });
  const whole = segments === 'none' ? 0 : segments === 'one' ? 1 : 2;
  const blocksInAll = whole * SEGMENT_BLOCKS + 4 + random.below(20);
  const disk = { size: blocksInAll * BLOCK - random.pick([0, 0, 100]), blocks: new Map<number, number>() };
  writeRuns(disk.blocks, blocksInAll, 1 + random.below(4), random);
  return disk;
}

/** The disk some time later. */
export function editedDisk(disk: SmallDisk, random: Random): SmallDisk {
  const blocks = new Map(disk.blocks);
  const count = Math.ceil(disk.size / BLOCK);
  if (random.chance(0.4)) for (const at of [...blocks.keys()]) if (random.chance(0.3)) blocks.delete(at);
  writeRuns(blocks, count, random.below(3), random);
  return { size: disk.size, blocks };
}

function writeRuns(blocks: Map<number, number>, count: number, runs: number, random: Random): void {
  for (let i = 0; i < runs; i++) {
    const first = random.below(count);
    const start = random.below(CONTENTS);
    const length = Math.min(random.pick([1, 1, 2, 5]), count - first);
    for (let at = 0; at < length; at++) blocks.set(first + at, (start + at) % CONTENTS);
  }
}

export function bytesOf({ size, blocks }: SmallDisk): Buffer {
  const bytes = Buffer.alloc(size);
  for (const [at, content] of blocks)
    contents[content]!.copy(bytes, at * BLOCK, 0, Math.min(BLOCK, size - at * BLOCK));
  return bytes;
}

/** As a source that a capture reads. */
export async function* streamOf(disk: SmallDisk): AsyncGenerator<Uint8Array> {
  yield bytesOf(disk);
}
