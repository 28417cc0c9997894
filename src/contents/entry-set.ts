import type { PackId } from '../../store-format/index.js';
import type { FooterTable } from '../packs/footer-table.js';

/** A set of stored entries: one bit per (pack, ordinal), so that millions cost little. */
export class EntrySet {
  readonly #bits = new Map<PackId, Uint8Array>();

  /** @returns whether the entry was new to the set */
  add(footer: FooterTable, ordinal: number): boolean {
    let bits = this.#bits.get(footer.pack);
    if (bits === undefined) {
      bits = new Uint8Array(Math.ceil(footer.lengths.length / 8));
      this.#bits.set(footer.pack, bits);
    }
    const bit = 1 << (ordinal & 7);
    const isNew = (bits[ordinal >> 3]! & bit) === 0;
    bits[ordinal >> 3]! |= bit;
    return isNew;
  }

  get isEmpty(): boolean {
    return this.#bits.size === 0;
  }

  /** Those that have an entry in the set, in the order in which they got their first one. */
  get packs(): Iterable<PackId> {
    return this.#bits.keys();
  }

  has(pack: PackId, ordinal: number): boolean {
    return ((this.#bits.get(pack)?.[ordinal >> 3] ?? 0) & (1 << (ordinal & 7))) !== 0;
  }
}
