import { PackKind } from '../../store-format/index.js';

/**
 * What is looked for. Chunks lie in data packs, recipes, pages and extent lists in meta packs: a chunk may hold the very
 * bytes whose hash is a recipe's id, and must not be taken for it.
 */
export interface Sought {
  readonly kind: PackKind;
  /** A writer needs a home, a reader takes any copy. */
  readonly homeless: boolean;
}

export const CHUNK_HOMES: Sought = { kind: PackKind.data, homeless: false };
export const CHUNK_COPIES: Sought = { kind: PackKind.data, homeless: true };
export const ENTRY_HOMES: Sought = { kind: PackKind.meta, homeless: false };
export const ENTRY_COPIES: Sought = { kind: PackKind.meta, homeless: true };
