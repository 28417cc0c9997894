import { packKey } from '../../store-format/index.js';
import { discardFreeSlots } from '../chunk-index/slots.js';
import type { Engine } from '../engine/engine.js';
import type { OperationOptions, RebuildResult } from '../interface.js';

/** Makes the chunk index anew from the packs' footers. Slots that other processes use now are left to them. */
export async function rebuildIndex(
  engine: Engine,
  indexFolder: string,
  options: OperationOptions,
): Promise<RebuildResult> {
  const started = engine.environment.monotonic();
  await engine.closeIndex();
  const inUse = await discardFreeSlots(indexFolder);
  if (inUse > 0) {
    engine.warn({
      code: 'index-unusable',
      message: `${inUse} index ${inUse === 1 ? 'copy is' : 'copies are'} in use by other processes and left to them`,
    });
  }
  const { catalog, refreshed } = await engine.refreshCatalog(options);
  return {
    packs: catalog.index.packs.size,
    entries: refreshed.entries,
    damagedPacks: refreshed.unreadable.map(({ pack }) => packKey(pack)),
    seconds: (engine.environment.monotonic() - started) / 1000,
  };
}
