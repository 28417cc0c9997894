import { HASH_BYTES } from '../../store-format/index.js';

const EMPTY = -1;
/** 32-bit words of an id. */
export const ID_WORDS = HASH_BYTES / 4;

/** Ids as words, which compare ten times as fast as bytes; copied only where they do not lie on the words' grid. */
export function idWords(ids: Uint8Array): Int32Array {
  const aligned = ids.byteOffset % 4 === 0 ? ids : Uint8Array.from(ids);
  return new Int32Array(aligned.buffer, aligned.byteOffset, Math.floor(aligned.length / 4));
}

/**
 * Entry ids of one range with the numbers of their copies. Full ids are kept and compared: what this table says is
 * evidence for deleting. A fixed number of bytes for each row, none in the JavaScript heap.
 */
export class IdTable {
  readonly #ids: Int32Array;
  readonly #entries: Float64Array;
  /** The next row of the same id. */
  readonly #next: Int32Array;
  readonly #slots: Int32Array;
  readonly #mask: number;
  #rows = 0;

  constructor(readonly capacity: number) {
    const slots = 2 ** Math.ceil(Math.log2(2 * Math.max(1, capacity)));
    this.#ids = new Int32Array(ID_WORDS * capacity);
    this.#entries = new Float64Array(capacity);
    this.#next = new Int32Array(capacity);
    this.#slots = new Int32Array(slots).fill(EMPTY);
    this.#mask = slots - 1;
  }

  get isFull(): boolean {
    return this.#rows === this.capacity;
  }

  clear(): void {
    this.#rows = 0;
    this.#slots.fill(EMPTY);
  }

  /** @param words the id stands in them at `at`; copied */
  add(words: Int32Array, at: number, entry: number): void {
    if (this.isFull) throw new RangeError(`The table is full with ${this.capacity} rows`);
    const row = this.#rows++;
    for (let i = 0; i < ID_WORDS; i++) this.#ids[ID_WORDS * row + i] = words[at + i]!;
    this.#entries[row] = entry;
    const slot = this.#slotOf(words, at);
    this.#next[row] = this.#slots[slot]!;
    this.#slots[slot] = row;
  }

  /** The first row with the id that stands in `words` at `at`, or -1; others follow by `next`. */
  find(words: Int32Array, at: number): number {
    return this.#slots[this.#slotOf(words, at)]!;
  }

  next(row: number): number {
    return this.#next[row]!;
  }

  entryOf(row: number): number {
    return this.#entries[row]!;
  }

  /** One row of each id; the others follow by `next`. */
  *firstRows(): Generator<number> {
    for (const row of this.#slots) if (row !== EMPTY) yield row;
  }

  /** The slot of that id, or the empty one where it would go. Ids are hashes: any of their bits will do. */
  #slotOf(words: Int32Array, at: number): number {
    const slots = this.#slots;
    for (let slot = words[at + 1]! & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const row = slots[slot]!;
      if (row === EMPTY || this.#holds(row, words, at)) return slot;
    }
  }

  #holds(row: number, words: Int32Array, at: number): boolean {
    const ids = this.#ids;
    const own = ID_WORDS * row;
    for (let i = 0; i < ID_WORDS; i++) if (ids[own + i] !== words[at + i]) return false;
    return true;
  }
}

/**
 * Ids by ranges of about equal size, so that a table of flat size serves a store of any size: one pass over all ids for
 * each range.
 */
export class IdRanges {
  private constructor(readonly count: number) {}

  static of(ids: number, idsPerRange: number): IdRanges {
    return new IdRanges(Math.max(1, Math.ceil(ids / idsPerRange)));
  }

  /** Each range in two: number 2 r and 2 r + 1 are what r was. */
  halved(): IdRanges {
    return new IdRanges(2 * this.count);
  }

  rangeOf(words: Int32Array, at: number): number {
    return this.count === 1 ? 0 : Math.floor(((words[at]! >>> 0) * this.count) / 2 ** 32);
  }
}
