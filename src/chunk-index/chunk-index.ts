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

/**
 * Entry id -> places. Derived from footers, private to this machine, never evidence for deleting. It may know packs
 * that are gone; it never claims to know a pack whose entries it has not taken in.
 */
export interface ChunkIndex {
  /** Packs whose footers were taken in: the index's whole notion of progress. */
  readonly packs: ReadonlySet<PackId>;
  /** All at once or not at all. @param fresh none of the entries was known when the pack was written */
  add(pack: PackId, footer: PackFooter, options?: { readonly fresh?: boolean }): Promise<void>;
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
