import { HASH_BYTES } from '../../store-format/index.js';

const EMPTY = -1;

/**
 * Entry ids of one range with the numbers of their copies. Full ids are kept and compared: what this table says is
 * evidence for deleting. A fixed number of bytes for each row, none in the JavaScript heap.
 */
export class IdTable {
  readonly #ids: Buffer;
  readonly #entries: Float64Array;
  /** The next row of the same id. */
  readonly #next: Int32Array;
  readonly #slots: Int32Array;
  readonly #mask: number;
  #rows = 0;

  constructor(readonly capacity: number) {
    const slots = 2 ** Math.ceil(Math.log2(2 * Math.max(1, capacity)));
    this.#ids = Buffer.allocUnsafeSlow(HASH_BYTES * capacity);
    this.#entries = new Float64Array(capacity);
    this.#next = new Int32Array(capacity);
    this.#slots = new Int32Array(slots).fill(EMPTY);
    this.#mask = slots - 1;
  }

  get rows(): number {
    return this.#rows;
  }

  get isFull(): boolean {
    return this.#rows === this.capacity;
  }

  clear(): void {
    this.#rows = 0;
    this.#slots.fill(EMPTY);
  }

  /** @param ids the id stands in it at byte `at`; copied */
  add(ids: Buffer, at: number, entry: number): void {
    if (this.isFull) throw new RangeError(`The table is full with ${this.capacity} rows`);
    const row = this.#rows++;
    ids.copy(this.#ids, HASH_BYTES * row, at, at + HASH_BYTES);
    this.#entries[row] = entry;
    const slot = this.#slotOf(ids, at);
    this.#next[row] = this.#slots[slot]!;
    this.#slots[slot] = row;
  }

  /** The first row with that id, or -1; others follow by `next`. */
  find(ids: Buffer, at: number): number {
    return this.#slots[this.#slotOf(ids, at)]!;
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
  #slotOf(ids: Buffer, at: number): number {
    for (let slot = ids.readUInt32LE(at + 4) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const row = this.#slots[slot]!;
      if (row === EMPTY || this.#holds(row, ids, at)) return slot;
    }
  }

  #holds(row: number, ids: Buffer, at: number): boolean {
    const own = HASH_BYTES * row;
    for (let i = 0; i < HASH_BYTES; i += 4) {
      if (this.#ids.readUInt32LE(own + i) !== ids.readUInt32LE(at + i)) return false;
    }
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

  rangeOf(ids: Buffer, at: number): number {
    return this.count === 1 ? 0 : Math.floor((ids.readUInt32BE(at) * this.count) / 2 ** 32);
  }
}
