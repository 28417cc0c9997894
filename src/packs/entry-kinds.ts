import { type Blake3, EntryKind, extentsId, pageId, recipeId } from '../../store-format/layouts.js';

interface KindOfEntry {
  /** For messages. */
  readonly name: string;
  readonly idOf: (bytes: Uint8Array, hash: Blake3) => Uint8Array;
}

/** What each kind of entry is called, and how its id follows from its bytes. */
export const ENTRY_KINDS: Readonly<Record<EntryKind, KindOfEntry>> = {
  [EntryKind.chunk]: { name: 'Chunk', idOf: (bytes, hash) => hash(bytes) },
  [EntryKind.recipe]: { name: 'Recipe', idOf: recipeId },
  [EntryKind.page]: { name: 'Page', idOf: pageId },
  [EntryKind.extents]: { name: 'Extent list', idOf: extentsId },
};
