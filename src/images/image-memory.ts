/** What somebody who looks at the library may remember of it from one time to the next. */
import type { PubId } from '../../store-format/index.js';
import type { StoreError } from '../errors.js';
import type { ObjectStore } from '../objects/object-store.js';

export interface ImageMemory {
  /** What was seen until now. Asked before the store is listed: all of it was there already. */
  recall(): Promise<RecalledImages>;
  /** An image that was published just now. */
  published(name: string, image: PubId): Promise<void>;
}

export interface RecalledImages {
  /**
   * What the store shows less than was seen before; where that is nothing, what it shows is remembered.
   *
   * @returns rolled-back
   */
  judge(objects: ObjectStore, shown: ShownImages): Promise<StoreError | undefined>;
}

/** The library at one moment. */
export interface ShownImages {
  /** Name -> its newest image that was not purged, and the highest number of its records. */
  readonly names: ReadonlyMap<string, { readonly newest: PubId | undefined; readonly record: number }>;
  /** All that can be read. */
  readonly images: ReadonlySet<PubId>;
  /** Those that are there, and cannot be read. */
  readonly unreadable: ReadonlySet<string>;
  /** Nothing was in the way of reading all of it. */
  readonly complete: boolean;
}
