/** A store in memory for tests of scrub: two versions of a disk, and one that shares nothing with them. */

import { blake3 } from '../../src/hashing/blake3.js';
import type { Image } from '../../src/interface.js';
import { asStoreError } from '../../src/objects/folder-errors.js';
import type { ByteRange, Fetched } from '../../src/objects/object-store.js';
import { decodePackTail, PackKind, parsePackId } from '../../store-format/index.js';
import { WrappedStore } from '../simulation/wrapped-store.js';
import { StoreInMemory } from '../support/memory-engine.js';
import { seededBytes, seededDisk } from '../support/seeded-disk.js';

const MIB = 1024 ** 2;

export interface ScrubStore {
  readonly store: StoreInMemory;
  readonly disks: Readonly<Record<'old' | 'web' | 'mail', Buffer>>;
  readonly images: Readonly<Record<'old' | 'web' | 'mail', Image>>;
}

export async function scrubStore(): Promise<ScrubStore> {
  const store = await StoreInMemory.make({ removedGraceHours: 24 });
  const old = sparseDisk('web', MIB + 70_000);
  const web = Buffer.from(old);
  seededBytes('web later', 30_000).copy(web, 500_000);
  const disks = { old, web, mail: sparseDisk('mail', MIB + 50_001) };
  const images = {
    old: await store.capture(disks.old, 'web'),
    web: await store.capture(disks.web, 'web'),
    mail: await store.capture(disks.mail, 'mail'),
  };
  return { store, disks, images };
}

/** Data in both of two segments, the last one short. */
export function sparseDisk(seed: string, size: number): Buffer {
  const disk = Buffer.alloc(size);
  seededDisk(seed, 220_000).copy(disk, 8192);
  seededBytes(seed, 40_000).copy(disk, size - 40_000);
  return disk;
}

/** Keys of the packs of a kind that a capture wrote, or all of that kind. */
export function packsOf(store: StoreInMemory, kind: keyof typeof PackKind, image?: Image): string[] {
  return store.place.keysIn('packs').filter((key) => {
    const { footer } = tailOf(store, key);
    return footer.kind === PackKind[kind] && (image === undefined || footer.lease === image.publication);
  });
}

export function tailOf({ place }: StoreInMemory, key: string) {
  const bytes = place.objects.get(key)!;
  return decodePackTail(bytes, bytes.length, parsePackId(key)!, blake3);
}

/** Turns a byte; a negative place counts from the end. */
export function flip({ place }: StoreInMemory, key: string, at: number): void {
  const bytes = Buffer.from(place.objects.get(key)!);
  bytes[at < 0 ? bytes.length + at : at]! ^= 0xff;
  place.objects.set(key, bytes);
}

/** Spoils a frame of a pack. */
export function flipFrame(store: StoreInMemory, key: string, frame = 0): void {
  const { offset, storedBytes } = tailOf(store, key).footer.frames.at(frame)!;
  flip(store, key, offset + Math.floor(storedBytes / 2));
}

/** A medium with bad sectors under some objects. */
export class BadSectors extends WrappedStore {
  constructor(
    real: ConstructorParameters<typeof WrappedStore>[0],
    private readonly isBad: (key: string) => boolean,
  ) {
    super(real);
  }

  override get(key: string, range?: ByteRange): Promise<Fetched> {
    if (!this.isBad(key)) return super.get(key, range);
    const error = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
    return Promise.reject(asStoreError(error, key, 'Cannot read'));
  }
}

/** A process that is killed at its n-th request: that one and all later ones fail, and nothing is cleaned up. */
export class Killed extends Error {}

export class DyingStore extends WrappedStore {
  #left: number;

  constructor(real: ConstructorParameters<typeof WrappedStore>[0], requests: number) {
    super(real);
    this.#left = requests;
  }

  get isDead(): boolean {
    return this.#left < 0;
  }

  #step<T>(work: () => Promise<T>): Promise<T> {
    return --this.#left < 0 ? Promise.reject(new Killed('killed')) : work();
  }

  override get(key: string, range?: ByteRange) {
    return this.#step(() => super.get(key, range));
  }
  override size(key: string) {
    return this.#step(() => super.size(key));
  }
  override list(folder: string) {
    return this.#step(() => super.list(folder));
  }
  override put(key: string, bytes: Uint8Array) {
    return this.#step(() => super.put(key, bytes));
  }
  override claim(key: string, bytes: Uint8Array) {
    return this.#step(() => super.claim(key, bytes));
  }
  override async upload(owner: string) {
    const { append, finish, abort } = await this.#step(() => super.upload(owner));
    return {
      append,
      abort,
      finish: (key: string) => this.#step(() => finish(key)),
    };
  }
  override async hold(key: string, bytes: Uint8Array) {
    const hold = await this.#step(() => super.hold(key, bytes));
    return {
      release: () => this.#step(() => hold.release()),
      leave: () => this.#step(() => hold.leave()),
    };
  }
}
