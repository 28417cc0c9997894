import type { PackFooter, PackId, PubId } from '../../store-format/index.js';

/**
 * Where an entry may lie. A candidate only: keys are prefixes of ids, so whoever relies on it confirms the full id in
 * the pack's footer.
 */
export interface Place {
  readonly pack: PackId;
  /** Number of the entry in the pack's footer. */
  readonly ordinal: number;
}

/** A pack to take in. */
export interface NewPack {
  readonly id: PackId;
  readonly footer: PackFooter;
}

export interface AddAllOptions {
  /** About how many packs will come. */
  readonly expectedPacks: number;
  readonly signal?: AbortSignal | undefined;
  /** Told with a share from 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

/**
 * Entry id -> places. Derived from footers, private to this machine, never evidence for deleting. It may know packs
 * that are gone; it never claims to know a pack whose entries it has not taken in.
 */
export interface ChunkIndex {
  /** Packs whose footers were taken in: the index's whole notion of progress. */
  readonly packs: ReadonlySet<PackId>;
  /** All at once or not at all. @param fresh none of the entries was known when the pack was written */
  add(pack: PackId, footer: PackFooter, options?: { readonly fresh?: boolean }): Promise<void>;
  /** Takes in many packs. Each is taken in or not; an index that was empty may take all in at the very end. */
  addAll(packs: AsyncIterable<NewPack>, options: AddAllOptions): Promise<void>;
  /** All places of the id that stands in `ids` at byte `at`. */
  find(ids: Uint8Array, at: number): readonly Place[];
  /** Notes packs that together hold every entry of an image. Images and packs never change, so it stays true. */
  addCover(image: PubId, packs: readonly PackId[]): Promise<void>;
  /** Those packs, whether they are still there or not; undefined where none were noted. */
  coverOf(image: PubId): readonly PackId[] | undefined;
  /** Forgets everything, so that it can be filled anew. */
  clear(): Promise<void>;
  /** Bytes on disk. */
  size(): Promise<number>;
  close(): Promise<void>;
}

/** Packs one after the other, as they come. */
export async function addOneByOne(
  index: Pick<ChunkIndex, 'add'>,
  packs: AsyncIterable<NewPack>,
  { expectedPacks, signal, onProgress }: AddAllOptions,
): Promise<void> {
  let done = 0;
  for await (const { id, footer } of packs) {
    signal?.throwIfAborted();
    await index.add(id, footer);
    onProgress?.(Math.min(1, ++done / expectedPacks));
  }
}
