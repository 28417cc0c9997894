import {
  type Frame,
  HASH_BYTES,
  type PackId,
  type PackKind,
  type PackTail,
} from '../../store-format/index.js';

/**
 * A pack's footer made for look-ups: which ordinal an id has, and where each entry stands in its frame. Open
 * addressing on the first bytes of the ids, which are hashes already.
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
  readonly #slots: Int32Array;
  readonly #mask: number;

  constructor(tail: PackTail) {
    const { footer } = tail;
    this.pack = tail.id;
    this.kind = footer.kind;
    this.frames = footer.frames;
    this.lengths = footer.lengths;
    this.ids = Buffer.from(footer.ids.buffer, footer.ids.byteOffset, footer.ids.byteLength);
    this.packBytes = tail.packBytes;
    const count = footer.lengths.length;
    this.frameOf = new Uint16Array(count);
    this.offsetOf = new Uint32Array(count);
    this.#placeEntries();
    const size = 2 ** Math.ceil(Math.log2(2 * count + 2));
    this.#mask = size - 1;
    this.#slots = new Int32Array(size).fill(-1);
    for (let ordinal = 0; ordinal < count; ordinal++) this.#insert(ordinal);
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

  #insert(ordinal: number): void {
    let slot = this.ids.readUInt32LE(HASH_BYTES * ordinal) & this.#mask;
    while (this.#slots[slot]! >= 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = ordinal;
  }

  /** @returns the ordinal of the id at byte `at` of `ids`, or -1 */
  find(ids: Buffer, at: number): number {
    for (let slot = ids.readUInt32LE(at) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const ordinal = this.#slots[slot]!;
      if (ordinal < 0) return -1;
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
    return this.ids.length + 10 * this.lengths.length + 4 * this.#slots.length + 200 * this.frames.length;
  }
}
