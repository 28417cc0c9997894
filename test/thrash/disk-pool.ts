/** Disks to capture: some new, most of them later versions of others, so that images share much of their content. */
import { createHash } from 'node:crypto';
import { editedDisk, seededBytes, seededDisk } from '../support/seeded-disk.js';
import type { Random } from './random.js';

const MIB = 1024 ** 2;
const KEPT_DISKS = 6;
const MAX_MIB = 20;

export interface Disk {
  readonly bytes: Buffer;
  readonly sha256: string;
}

export class DiskPool {
  readonly #disks: Disk[] = [];
  #made = 0;

  constructor(
    private readonly seed: string,
    private readonly random: Random,
  ) {}

  next(): Disk {
    const { random } = this;
    const old = random.pick(this.#disks);
    const seed = `${this.seed} disk ${this.#made++}`;
    const kind = random.number();
    if (old === undefined || kind < 0.2) return this.#keep(makeDisk(seed, random));
    if (kind < 0.3) return old;
    return this.#keep(editedDisk(old.bytes, seed));
  }

  /** One that was captured before, or at least may have been. */
  any(): Disk {
    return this.random.pick(this.#disks) ?? this.next();
  }

  #keep(bytes: Buffer): Disk {
    const disk = { bytes, sha256: sha256(bytes) };
    if (this.#disks.length < KEPT_DISKS) this.#disks.push(disk);
    else this.#disks[Math.floor(this.random.number() * KEPT_DISKS)] = disk;
    return disk;
  }
}

/** Mostly small; now and then one that nothing can be compressed of. */
function makeDisk(seed: string, random: Random): Buffer {
  const size =
    Math.floor(MIB * (2 + (MAX_MIB - 2) * random.number() ** 3)) + Math.floor(random.number() * 4096);
  return random.chance(0.2) ? seededBytes(seed, size) : seededDisk(seed, size);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
