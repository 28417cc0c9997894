/** Disk images for tests: the same bytes for the same seed, on every machine. */
import { createCipheriv, createHash } from 'node:crypto';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Bytes that do not compress and never repeat. */
export function seededBytes(seed: string, length: number): Buffer {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** Numbers from 0 to below 1. */
export function seededNumbers(seed: string): () => number {
  let pool: Buffer = Buffer.alloc(0);
  let at = 0;
  let round = 0;
  return () => {
    if (at + 4 > pool.length) {
      pool = seededBytes(`${seed} ${round++}`, 4 * KIB);
      at = 0;
    }
    at += 4;
    return pool.readUInt32LE(at - 4) / 2 ** 32;
  };
}

/** Like a disk: runs of noise, of text that compresses, and of zeros, with edges on and off the block grid. */
export function seededDisk(seed: string, size: number): Buffer {
  const random = seededNumbers(seed);
  const disk = Buffer.alloc(size);
  for (let at = 0, part = 0; at < size; part++) {
    const grid = random() < 0.7 ? 4 * KIB : 1;
    const length = Math.min(size - at, grid * Math.ceil((random() * 512 * KIB) / grid) + 1);
    const kind = random();
    if (kind < 0.45) seededBytes(`${seed} part ${part}`, length).copy(disk, at);
    else if (kind < 0.7) disk.fill(`${seed}: line ${part} of a file that compresses well\n`, at, at + length);
    at += length;
  }
  return disk;
}

/** The disk some time later: a few scattered writes, one longer run, one range zeroed. */
export function editedDisk(disk: Buffer, seed: string): Buffer {
  const random = seededNumbers(seed);
  const edited = Buffer.from(disk);
  const place = (length: number) => Math.floor(random() * Math.max(1, disk.length - length));
  for (let i = 0; i < 6; i++) seededBytes(`${seed} ${i}`, 4 * KIB).copy(edited, place(4 * KIB));
  seededBytes(`${seed} run`, MIB / 2).copy(edited, place(MIB / 2));
  const hole = place(64 * KIB);
  edited.fill(0, hole, Math.min(hole + 64 * KIB, edited.length));
  return edited;
}
