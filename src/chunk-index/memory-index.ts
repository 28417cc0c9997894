import { HASH_BYTES, type PackFooter, type PackId, type PubId } from '../../store-format/index.js';
import { type AddAllOptions, addOneByOne, type ChunkIndex, type NewPack, type Place } from './chunk-index.js';

/** An index in the heap: for simulations and for stores that are looked at once. */
export class MemoryIndex implements ChunkIndex {
  readonly packs = new Set<PackId>();
  readonly #places = new Map<string, Place[]>();
  readonly #covers = new Map<PubId, readonly PackId[]>();

  async add(pack: PackId, footer: PackFooter): Promise<void> {
    if (this.packs.has(pack)) return;
    for (let ordinal = 0; ordinal < footer.lengths.length; ordinal++) {
      const key = keyOf(footer.ids, HASH_BYTES * ordinal);
      const places = this.#places.get(key);
      if (places === undefined) this.#places.set(key, [{ pack, ordinal }]);
      else places.push({ pack, ordinal });
    }
    this.packs.add(pack);
  }

  addAll(packs: AsyncIterable<NewPack>, options: AddAllOptions): Promise<void> {
    return addOneByOne(this, packs, options);
  }

  find(ids: Uint8Array, at: number): readonly Place[] {
    return this.#places.get(keyOf(ids, at)) ?? [];
  }

  async addCover(image: PubId, packs: readonly PackId[]): Promise<void> {
    this.#covers.set(image, [...packs]);
  }

  coverOf(image: PubId): readonly PackId[] | undefined {
    return this.#covers.get(image);
  }

  async clear(): Promise<void> {
    this.packs.clear();
    this.#covers.clear();
    this.#places.clear();
  }

  async size(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {}
}

function keyOf(ids: Uint8Array, at: number): string {
  return Buffer.from(ids.buffer, ids.byteOffset + at, HASH_BYTES).toString('latin1');
}
