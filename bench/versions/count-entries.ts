import { randomBytes } from 'node:crypto';
import { FolderStore } from '../../src/objects/folder-store.js';
import { listPackIds } from '../../src/packs/list-packs.js';
import { readPackTail } from '../../src/packs/read-tail.js';
import { EntryKind } from '../../store-format/index.js';

export interface EntryCounts {
  readonly chunks: number;
  readonly recipes: number;
  readonly pages: number;
  readonly packs: number;
}

/** What the footers of a store list: each entry once, as its captures came one after the other. */
export async function countEntries(store: string): Promise<EntryCounts> {
  const objects = await FolderStore.open(store, randomBytes(8).toString('hex'));
  const packs = await listPackIds(objects, 'packs');
  const entries = new Map<EntryKind, number>();
  for (const pack of packs) {
    for (const frame of (await readPackTail(objects, pack)).footer.frames)
      entries.set(frame.kind, (entries.get(frame.kind) ?? 0) + frame.entries);
  }
  const of = (kind: EntryKind) => entries.get(kind) ?? 0;
  return {
    chunks: of(EntryKind.chunk),
    recipes: of(EntryKind.recipe),
    pages: of(EntryKind.page),
    packs: packs.size,
  };
}
