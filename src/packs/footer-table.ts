import {
  type Frame,
  HASH_BYTES,
  type PackId,
  type PackKind,
  type PackTail,
} from '../../store-format/index.js';

/** No pack has so many entries. */
const EMPTY = 0xffff;
/** Ids that fill less than this share of the bytes that were read for them are copied, so that the rest can go. */
const WORTH_KEEPING = 0.7;

interface EntryPositions {
  readonly frameOf: Uint16Array;
  readonly offsetOf: Uint32Array;
}

/** What of a pack's end is looked up in. */
export type ReadFooter = Pick<PackTail, 'id' | 'footer' | 'packBytes' | 'signer'>;

/**
 * A pack's footer made for look-ups: which ordinal an id has, and where each entry stands in its frame. Open
 * addressing on the first bytes of the ids, which are hashes already. Both are made when they are first asked for:
 * confirming what the index says needs neither.
 */
export class FooterTable {
  readonly pack: PackId;
  readonly kind: PackKind;
  readonly frames: readonly Frame[];
  readonly lengths: Uint32Array;
  readonly ids: Buffer;
  readonly packBytes: number;
  #positions: EntryPositions | undefined;
  #slots: Uint16Array | undefined;
  readonly #slotCount: number;

  constructor(tail: ReadFooter) {
    const { footer } = tail;
    this.pack = tail.id;
    this.kind = footer.kind;
    const { ids } = footer;
    const copied = ids.length < WORTH_KEEPING * ids.buffer.byteLength;
    this.frames = copied ? footer.frames.map(withOwnHash) : footer.frames;
    this.lengths = footer.lengths;
    this.ids = copied ? ownBytes(ids) : Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength);
    this.packBytes = tail.packBytes;
    this.#slotCount = 2 ** Math.ceil(Math.log2(2 * Math.max(1, footer.lengths.length)));
  }

  /** Frame of each entry. */
  get frameOf(): Uint16Array {
    this.#positions ??= positionsOf(this.frames, this.lengths);
    return this.#positions.frameOf;
  }

  /** Byte offset of each entry in its frame's plain bytes. */
  get offsetOf(): Uint32Array {
    this.#positions ??= positionsOf(this.frames, this.lengths);
    return this.#positions.offsetOf;
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
    return (
      this.ids.length / WORTH_KEEPING +
      10 * this.lengths.length +
      2 * this.#slotCount +
      400 * this.frames.length
    );
  }
}

function positionsOf(frames: readonly Frame[], lengths: Uint32Array): EntryPositions {
  const frameOf = new Uint16Array(lengths.length);
  const offsetOf = new Uint32Array(lengths.length);
  let ordinal = 0;
  frames.forEach((frame, f) => {
    let offset = 0;
    for (let e = 0; e < frame.entries; e++, ordinal++) {
      frameOf[ordinal] = f;
      offsetOf[ordinal] = offset;
      offset += lengths[ordinal]!;
    }
  });
  return { frameOf, offsetOf };
}

function withOwnHash(frame: Frame): Frame {
  return { ...frame, hash: Uint8Array.from(frame.hash) };
}

function ownBytes(bytes: Uint8Array): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  own.set(bytes);
  return own;
}
