import {
  type Frame,
  HASH_BYTES,
  type PackId,
  type PackKind,
  type PackTail,
} from '../../store-format/index.js';

/** No pack has so many entries. */
const EMPTY = 0xffff;

/**
 * A pack's footer made for look-ups: which ordinal an id has, and where each entry stands in its frame. Open
 * addressing on the first bytes of the ids, which are hashes already; made when an id is first looked for, since an
 * index that knows the ordinal needs it not.
 */
export class FooterTable {
  readonly pack: PackId;
  readonly kind: PackKind;
  readonly frames: readonly Frame[];
  readonly lengths: Uint32Array;
  readonly ids: Buffer;
  readonly packBytes: number;
  /** Frame of each entry. */
  readonly frameOf: Uint16Array;
  /** Byte offset of each entry in its frame's plain bytes. */
  readonly offsetOf: Uint32Array;
  #slots: Uint16Array | undefined;
  readonly #slotCount: number;

  constructor(tail: PackTail) {
    const { footer } = tail;
    this.pack = tail.id;
    this.kind = footer.kind;
    // Copies: the bytes that were read to get the footer are often many times as large, and go.
    this.frames = footer.frames.map((frame) => ({ ...frame, hash: Uint8Array.from(frame.hash) }));
    this.lengths = footer.lengths;
    this.ids = Buffer.allocUnsafeSlow(footer.ids.length);
    this.ids.set(footer.ids);
    this.packBytes = tail.packBytes;
    const count = footer.lengths.length;
    this.frameOf = new Uint16Array(count);
    this.offsetOf = new Uint32Array(count);
    this.#placeEntries();
    this.#slotCount = 2 ** Math.ceil(Math.log2(2 * count + 1));
  }

  #placeEntries(): void {
    let ordinal = 0;
    this.frames.forEach((frame, f) => {
      let offset = 0;
      for (let e = 0; e < frame.entries; e++, ordinal++) {
        this.frameOf[ordinal] = f;
        this.offsetOf[ordinal] = offset;
        offset += this.lengths[ordinal]!;
      }
    });
  }

  #makeSlots(): Uint16Array {
    const slots = new Uint16Array(this.#slotCount).fill(EMPTY);
    const mask = this.#slotCount - 1;
    for (let ordinal = 0; ordinal < this.lengths.length; ordinal++) {
      let slot = this.ids.readUInt32LE(HASH_BYTES * ordinal) & mask;
      while (slots[slot] !== EMPTY) slot = (slot + 1) & mask;
      slots[slot] = ordinal;
    }
    return slots;
  }

  /** @returns the ordinal of the id at byte `at` of `ids`, or -1 */
  find(ids: Buffer, at: number): number {
    this.#slots ??= this.#makeSlots();
    const mask = this.#slotCount - 1;
    for (let slot = ids.readUInt32LE(at) & mask; ; slot = (slot + 1) & mask) {
      const ordinal = this.#slots[slot]!;
      if (ordinal === EMPTY) return -1;
      if (this.holds(ordinal, ids, at)) return ordinal;
    }
  }

  /** Whether entry `ordinal` has the id at byte `at` of `ids`. */
  holds(ordinal: number, ids: Buffer, at: number): boolean {
    const own = HASH_BYTES * ordinal;
    return (
      ordinal < this.lengths.length && this.ids.compare(ids, at, at + HASH_BYTES, own, own + HASH_BYTES) === 0
    );
  }

  /** Rough size in memory, for the cache. */
  get memoryBytes(): number {
    return this.ids.length + 10 * this.lengths.length + 2 * this.#slotCount + 400 * this.frames.length;
  }
}
