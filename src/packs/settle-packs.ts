import { type PackId, packKey } from '../../store-format/index.js';
import { StoreError } from '../errors.js';
import type { ObjectStore } from '../objects/object-store.js';
import { listPackIds } from './list-packs.js';

/** More packs than this are looked for in a listing rather than one by one. */
const LOOKED_FOR_SINGLY = 256;

/**
 * The last check before a publish (SPEC.md, section 12, "Capture"): every pack relied on is there and none was found
 * damaged meanwhile. Their folders are made durable.
 *
 * @throws conflict
 */
export async function settlePacks(objects: ObjectStore, packs: ReadonlySet<PackId>): Promise<void> {
  const damaged = await listPackIds(objects, 'damaged');
  const isPresent = await presence(objects, packs.size);
  for (const pack of packs) {
    if (!damaged.has(pack) && (await isPresent(pack))) continue;
    throw new StoreError(
      'conflict',
      `Pack ${pack.slice(0, 12)}… went away or was found damaged while it was relied on: run it again`,
      { pack },
    );
  }
  await objects.settle(Array.from(packs, packKey));
}

/** Few packs are looked for one by one, many in a listing. */
async function presence(
  objects: ObjectStore,
  packs: number,
): Promise<(pack: PackId) => boolean | Promise<boolean>> {
  if (packs < LOOKED_FOR_SINGLY) return async (pack) => (await objects.size(packKey(pack))) !== undefined;
  const present = await listPackIds(objects, 'packs');
  return (pack) => present.has(pack);
}
