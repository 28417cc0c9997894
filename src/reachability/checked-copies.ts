import type { PackId } from '../../store-format/index.js';
import { Bits } from './bits.js';

/** Entries that this run has decoded and hashed (SPEC.md, I11), and packs that it wrote from such. */
export class CheckedCopies {
  readonly #ordinals = new Map<PackId, Bits>();
  readonly #own = new Set<PackId>();

  has(pack: PackId, ordinal: number): boolean {
    return this.#own.has(pack) || (this.#ordinals.get(pack)?.has(ordinal) ?? false);
  }

  /** @param entries how many the pack has */
  add(pack: PackId, entries: number, ordinal: number): void {
    let bits = this.#ordinals.get(pack);
    if (bits === undefined) {
      bits = new Bits(entries);
      this.#ordinals.set(pack, bits);
    }
    bits.add(ordinal);
  }

  /** A pack of this run: whatever it holds was decoded and hashed before it was written. */
  addOwn(pack: PackId): void {
    this.#own.add(pack);
  }

  get ownPacks(): ReadonlySet<PackId> {
    return this.#own;
  }
}
