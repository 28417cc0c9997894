/**
 * The packs that entries are copied from. One that is gone or cannot be read gives nothing, as if it were damaged: what
 * was looked for in it is looked for elsewhere, and gc in that store may have moved it.
 */
import { type PackId, packKey } from '../../store-format/index.js';
import { StoreError } from '../errors.js';
import type { ByteRange, Fetched, ObjectStore } from '../objects/object-store.js';

export class SourcePacks implements Pick<ObjectStore, 'get'> {
  /** Keys of packs that cannot be read now: what they hold may be had tomorrow. */
  readonly #unreadable = new Map<string, StoreError>();

  constructor(private readonly objects: ObjectStore) {}

  async get(key: string, range?: ByteRange): Promise<Fetched> {
    try {
      return await this.objects.get(key, range);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.code === 'object-unreadable') this.#unreadable.set(key, error);
      else if (error.code !== 'object-missing') throw error;
      throw new StoreError('object-damaged', error.message, error.details, { cause: error });
    }
  }

  whyUnreadable(pack: PackId): StoreError | undefined {
    return this.#unreadable.get(packKey(pack));
  }
}
