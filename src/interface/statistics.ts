import type { Health } from './health.js';
import type { Image } from './image.js';

export interface Usage {
  /** Plain bytes of distinct chunks that only this image needs, and their share of the stored frames. */
  readonly exclusiveChunks: number;
  readonly exclusiveBytes: number;
  readonly exclusiveStoredBytes: number;
}

export interface StoreStats {
  readonly images: number;
  readonly removedImages: number;
  readonly packs: number;
  /** Sum of image sizes, and of their bytes outside holes. */
  readonly logicalBytes: number;
  readonly usedBytes: number;
  /** Plain bytes of the distinct chunks that live images need. */
  readonly uniqueBytes: number;
  readonly uniqueChunks: number;
  /** Bytes of all objects in the store, the chunk index not counted. */
  readonly storedBytes: number;
  readonly packBytes: number;
  /** Plain bytes in packs that no live image needs. */
  readonly unreferencedBytes: number;
  readonly indexBytes: number;
  /** usedBytes / uniqueBytes */
  readonly dedupRatio: number;
  /** plain bytes in data packs / their stored bytes */
  readonly compressionRatio: number;
  readonly health: Health;
  readonly perImage: readonly { readonly image: Image; readonly usage: Usage }[];
}
