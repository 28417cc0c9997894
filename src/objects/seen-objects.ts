/**
 * What was seen of a place must stand in its listings. A listing may lag behind, and whoever serves the place may leave out of
 * it what would be told when asked for: what was seen and is not listed is asked for, and joined to the listing.
 */
import { configKey, imageKey, type PubId, parseNumber } from '../../store-format/index.js';
import { StoreError } from '../errors.js';
import type { ObjectStore } from './object-store.js';

export class SeenObjects {
  /** The highest config that its owner vouched for since the store was opened. */
  #config = 0;

  constructor(
    private readonly place: ObjectStore,
    /** Images that were seen at any time and need not be there any more. */
    private readonly images: () => Promise<readonly PubId[]>,
  ) {}

  noteConfig(key: string): void {
    this.#config = Math.max(this.#config, parseNumber(key) ?? 0);
  }

  /** @throws rolled-back when the place shows older configs than it did */
  async list(folder: string): Promise<string[]> {
    if (folder === 'config') return this.#listConfigs();
    if (folder !== 'images') return this.place.list(folder);
    const seen = (await this.images()).map(imageKey); // before it is listed: all of it was there already
    const keys = await this.place.list(folder);
    const listed = new Set(keys);
    for (const key of seen) if (!listed.has(key) && (await this.#mayBeThere(key))) keys.push(key);
    return keys;
  }

  async #listConfigs(): Promise<string[]> {
    const seen = this.#config;
    const keys = await this.place.list('config');
    if (keys.some((key) => (parseNumber(key) ?? 0) >= seen)) return keys;
    if (await this.#mayBeThere(configKey(seen))) return [...keys, configKey(seen)];
    const { location } = this.place;
    const message = `Store ${location} shows an older state than it did: config ${seen} is gone. Put the newer one back, and open it again`;
    throw new StoreError('rolled-back', message, { store: location });
  }

  /** Of what cannot be asked for, whoever reads it will say so. */
  async #mayBeThere(key: string): Promise<boolean> {
    try {
      return (await this.place.size(key)) !== undefined;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return true;
    }
  }
}
