/** A store's catalog as a process that captures or restores has it: same parts, same order of steps. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { acquireSlot } from '../../src/chunk-index/slots.js';
import { FolderStore } from '../../src/objects/folder-store.js';
import { PackCatalog } from '../../src/packs/pack-catalog.js';

export async function openCatalog(store: string) {
  const objects = await FolderStore.open(store, randomBytes(8).toString('hex'));
  const slot = await acquireSlot(join(store, 'index'));
  const catalog = new PackCatalog(objects, slot.index, ({ message }) => {
    throw new Error(message);
  });
  await catalog.refresh();
  return { objects, slot, catalog };
}
