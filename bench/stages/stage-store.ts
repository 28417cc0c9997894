/** A real store in the scratch folder, opened as the operations open it, and its parts at hand. */

import { acquireSlot } from '../../src/chunk-index/slots.js';
import { readConfig } from '../../src/engine/config-records.js';
import { chunkerOf } from '../../src/engine/engine.js';
import { systemEnvironment } from '../../src/environment.js';
import { FolderStore } from '../../src/objects/folder-store.js';
import { PackCatalog } from '../../src/packs/pack-catalog.js';
import { initStore } from '../../src/store/open-store.js';
import { indexFolderOf } from '../../src/store/store-location.js';
import type { ChunkerParameters, Config } from '../../store-format/index.js';
import { toHex } from '../../store-format/index.js';

export interface StageStore {
  readonly objects: FolderStore;
  readonly config: Config;
  readonly chunker: ChunkerParameters;
  /** Up to date, with no footer in memory yet. */
  openCatalog(): Promise<PackCatalog>;
  close(): Promise<void>;
}

/** @param folder of a store that is there */
export async function openStageStore(folder: string): Promise<StageStore> {
  const objects = await FolderStore.open(folder, toHex(systemEnvironment().random(8)));
  const { config } = await readConfig(objects);
  const slot = await acquireSlot(indexFolderOf(folder, objects.readOnly, config.storeId, undefined));
  return {
    objects,
    config,
    chunker: chunkerOf(config, undefined),
    openCatalog: async () => {
      const catalog = new PackCatalog(objects, slot.index, ({ message }) => {
        throw new Error(message);
      });
      await catalog.refresh();
      return catalog;
    },
    close: () => slot.close(),
  };
}

export async function createStageStore(folder: string): Promise<StageStore> {
  await initStore(folder);
  return openStageStore(folder);
}
