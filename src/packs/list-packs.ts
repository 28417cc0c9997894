import { type PackId, parsePackId } from '../../store-format/index.js';
import type { ObjectStore } from '../objects/object-store.js';

/** Folders whose objects are named by packs: packs themselves, and what is said against some. */
export type PackFolder = 'packs' | 'condemned' | 'damaged';

export interface PackListing {
  readonly present: ReadonlySet<PackId>;
  /** About to go: nothing has a home in them. */
  readonly condemned: ReadonlySet<PackId>;
  /** Nothing has a home in them either. */
  readonly damaged: ReadonlySet<PackId>;
}

export async function listPackIds(objects: ObjectStore, folder: PackFolder): Promise<Set<PackId>> {
  const ids = (await objects.list(folder)).map(parsePackId);
  return new Set(ids.filter((id) => id !== undefined));
}

/**
 * What is said against packs is listed before the packs (SPEC.md, section 12, "List homes"): in the other order one
 * could list a pack, miss its unlinking and its record's deletion, and take it for a home.
 */
export async function listPacks(objects: ObjectStore): Promise<PackListing> {
  const condemned = await listPackIds(objects, 'condemned');
  const damaged = await listPackIds(objects, 'damaged');
  return { condemned, damaged, present: await listPackIds(objects, 'packs') };
}
