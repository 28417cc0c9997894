/**
 * Where local files (seeds) hold chunks that an image needs: an open-addressing table from the first 8 bytes of an id
 * to a file and a byte offset. What it says is a hint: whoever reads there hashes what was read, so a collision of
 * prefixes, or a file that changed, costs a look into the store and nothing else.
 */
import { WantedIds } from './wanted-ids.js';

/** 16 bytes each: the id's first 8, the offset's low 32 bits, its high 20 bits with the file's number. */
const SLOT_WORDS = 4;
const FIRST_SLOTS = 2 ** 14;
/** 256 MiB of slots, filled to three quarters: 12.6 million chunks, about 190 GiB of what an image and seeds share. */
const MAX_SLOTS = 2 ** 24;
/** The file's number stands beside the offset, from 1: an empty slot has none. */
const OFFSET_HIGH_BITS = 20;
export const MAX_SEEDS = 2 ** (32 - OFFSET_HIGH_BITS) - 1;

export interface SeedPlace {
  /** Path of a file or block device. */
  readonly path: string;
  readonly offset: number;
}

export class SeedIndex {
  readonly wanted = new WantedIds();
  readonly #paths: string[] = [];
  #slots = new Uint32Array(SLOT_WORDS * FIRST_SLOTS);
  #count = 0;

  /** @param maxSlots a power of 2: bounds the memory */
  constructor(private readonly maxSlots = MAX_SLOTS) {}

  /** @returns the number to `add` its chunks with, of at most `MAX_SEEDS` files */
  addFile(path: string): number {
    return this.#paths.push(path);
  }

  /**
   * Notes where the chunk is whose id stands in `ids` at byte `at`, if the image wants it. Of several places the first
   * stays.
   *
   * @returns false when there is no room for it
   */
  add(ids: Buffer, at: number, file: number, offset: number): boolean {
    if (!this.wanted.has(ids, at)) return true;
    if (this.#isCrowded) {
      if (this.#slotCount >= this.maxSlots) return this.find(ids, at) !== undefined;
      this.#grow();
    }
    const slot = this.#slotOf(ids.readUInt32LE(at), ids.readUInt32LE(at + 4));
    if (this.#slots[slot + 3] !== 0) return true;
    this.#slots[slot] = ids.readUInt32LE(at);
    this.#slots[slot + 1] = ids.readUInt32LE(at + 4);
    this.#slots[slot + 2] = offset >>> 0;
    this.#slots[slot + 3] = file * 2 ** OFFSET_HIGH_BITS + Math.floor(offset / 2 ** 32);
    this.#count++;
    return true;
  }

  find(ids: Buffer, at: number): SeedPlace | undefined {
    const slot = this.#slotOf(ids.readUInt32LE(at), ids.readUInt32LE(at + 4));
    const place = this.#slots[slot + 3]!;
    if (place === 0) return undefined;
    return {
      path: this.#paths[(place >>> OFFSET_HIGH_BITS) - 1]!,
      offset: (place & (2 ** OFFSET_HIGH_BITS - 1)) * 2 ** 32 + this.#slots[slot + 2]!,
    };
  }

  get #slotCount(): number {
    return this.#slots.length / SLOT_WORDS;
  }

  get #isCrowded(): boolean {
    return 4 * this.#count >= 3 * this.#slotCount;
  }

  /** Where the prefix stands, or the free slot where it would. */
  #slotOf(low: number, high: number): number {
    const slots = this.#slots;
    const mask = this.#slotCount - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const at = SLOT_WORDS * slot;
      if (slots[at + 3] === 0 || (slots[at] === low && slots[at + 1] === high)) return at;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(2 * old.length);
    for (let at = 0; at < old.length; at += SLOT_WORDS) {
      if (old[at + 3] === 0) continue;
      this.#slots.set(old.subarray(at, at + SLOT_WORDS), this.#slotOf(old[at]!, old[at + 1]!));
    }
  }
}
