import type { PackId } from '../../store-format/index.js';
import type { FooterTable } from './footer-table.js';

/** Footers kept in memory: about 90 full ones, or those of 10 GiB of packs with chunks of 16 KiB. */
const CACHE_BYTES = 64 * 1024 * 1024;
/** Neighbours in an image lie in few packs: those footers are asked before the index. */
const RECENT = 6;

/** Footers that look-ups have used: those that were used last are found first and stay longest. */
export class FooterCache {
  /** The oldest first. */
  readonly #footers = new Map<PackId, FooterTable>();
  /** The last one first. */
  readonly #recent: FooterTable[] = [];
  #bytes = 0;

  /** Memory that they take. */
  get bytes(): number {
    return this.#bytes;
  }

  get recent(): readonly FooterTable[] {
    return this.#recent;
  }

  has(pack: PackId): boolean {
    return this.#footers.has(pack);
  }

  get(pack: PackId): FooterTable | undefined {
    return this.#footers.get(pack);
  }

  keep(footer: FooterTable): void {
    if (this.#footers.has(footer.pack)) return; // somebody else read it meanwhile
    this.#footers.set(footer.pack, footer);
    this.#bytes += footer.memoryBytes;
    for (const [pack, oldest] of this.#footers) {
      if (this.#bytes <= CACHE_BYTES) break;
      if (oldest === footer || this.#recent.includes(oldest)) continue;
      this.#footers.delete(pack);
      this.#bytes -= oldest.memoryBytes;
    }
  }

  /** Moves a footer to the front of the recent ones and to the young end of the cache. */
  touch(footer: FooterTable): void {
    const at = this.#recent.indexOf(footer);
    if (at === 0) return;
    if (at > 0) this.#recent.splice(at, 1);
    this.#recent.unshift(footer);
    if (this.#recent.length > RECENT) this.#recent.pop();
    this.freshen(footer);
  }

  /** Moves a footer to the young end of the cache. */
  freshen(footer: FooterTable): void {
    if (this.#footers.delete(footer.pack)) this.#footers.set(footer.pack, footer);
  }
}
