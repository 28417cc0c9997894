/** A chunk index that is wrong in the ways a damaged one can be: it forgets entries and names wrong places. */
import type { AddAllOptions, ChunkIndex, NewPack, Place } from '../../src/chunk-index/chunk-index.js';
import type { PackFooter, PackId, PubId } from '../../store-format/index.js';
import type { Random } from './random.js';

export class LyingIndex implements ChunkIndex {
  /** Made anew it tells the truth: what it is filled with then is what the packs say. */
  #lies = true;

  constructor(
    private readonly honest: ChunkIndex,
    private readonly random: Random,
  ) {}

  get packs(): ReadonlySet<PackId> {
    return this.honest.packs;
  }

  find(ids: Uint8Array, at: number): readonly Place[] {
    const places = this.honest.find(ids, at);
    if (!this.#lies || this.packs.size === 0) return places;
    const kept = places.filter(() => !this.random.chance(0.1));
    if (this.random.chance(0.7)) return kept;
    return [{ pack: this.random.pick([...this.packs]), ordinal: this.random.below(12) }, ...kept];
  }

  async clear(): Promise<void> {
    this.#lies = false;
    await this.honest.clear();
  }

  add(pack: PackId, footer: PackFooter): Promise<void> {
    return this.honest.add(pack, footer);
  }

  addAll(packs: AsyncIterable<NewPack>, options: AddAllOptions): Promise<void> {
    return this.honest.addAll(packs, options);
  }

  addCover(image: PubId, packs: readonly PackId[]): Promise<void> {
    return this.honest.addCover(image, packs);
  }

  coverOf(image: PubId): readonly PackId[] | undefined {
    return this.honest.coverOf(image);
  }

  size(): Promise<number> {
    return this.honest.size();
  }

  close(): Promise<void> {
    return this.honest.close();
  }
}
