import { HASH_BYTES, heldBytes } from '../../store-format/index.js';
import { asBuffer } from '../contents/image-contents.js';
import type { OpenContents } from '../contents/open-contents.js';
import type { FooterTable } from '../packs/footer-table.js';
import type { PackCatalog } from '../packs/pack-catalog.js';
import { CHUNK_COPIES } from '../packs/sought.js';
import type { Renew } from './steady-count.js';

export interface WalkSettings {
  readonly signal: AbortSignal | undefined;
  /** Called for every segment. */
  readonly renew: Renew;
}

/** Calls `visit` for every chunk of an image, as often as it occurs. Chunks without a home are passed over. */
export async function visitChunks(
  { contents }: OpenContents,
  catalog: PackCatalog,
  { signal, renew }: WalkSettings,
  visit: (footer: FooterTable, ordinal: number) => void,
): Promise<void> {
  for (let number = 0; number < contents.segmentCount; number++) {
    signal?.throwIfAborted();
    await renew();
    const { recipe } = await contents.segment(number);
    const ids = asBuffer(recipe.ids);
    for (let i = 0; i < recipe.lengths.length; i++) {
      const at = HASH_BYTES * i;
      const home = catalog.findKept(ids, at, CHUNK_COPIES) ?? (await catalog.find(ids, at, CHUNK_COPIES));
      if (home !== undefined) visit(home.footer, home.ordinal);
    }
  }
}

/** A chunk's share of its frame's stored bytes. */
export function storedShare(footer: FooterTable, ordinal: number): number {
  const frame = footer.frames[footer.frameOf[ordinal]!]!;
  return (footer.lengths[ordinal]! * heldBytes(frame)) / frame.plainBytes;
}
