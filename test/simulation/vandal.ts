/** A pack that vanishes: by a disk that dies, or by somebody's hand. Not while somebody collects: gc relies on what it read. */
import { type PackId, packKey } from '../../store-format/index.js';
import { type Model, VANDAL } from './model.js';
import type { Place } from './place.js';
import type { Random } from './random.js';

/** @returns the pack, if one was there to be taken */
export function vandalize({ storage, late }: Place, model: Model, random: Random): PackId | undefined {
  const { wholeness } = model;
  // A copy that is about to go, or that has rotted, stands for nothing that is lost now.
  if (wholeness.anyRotten || late.some(({ key }) => key.startsWith('packs/'))) return undefined;
  const needed = wholeness
    .packs()
    .filter((pack) => wholeness.factsOf(pack)!.entries.some((entry) => wholeness.isNeeded(entry)));
  if (needed.length === 0) return undefined;
  const pack = random.pick(needed);
  storage.unlink(packKey(pack), VANDAL);
  storage.syncFolderOf(packKey(pack));
  return pack;
}
