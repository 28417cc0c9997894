/**
 * What this client saw of a store with keys, held against what the store shows now. Signatures cannot tell an older state of
 * a store from its newest one; whoever has seen a newer one can. A client that sees the store for the first time cannot.
 *
 * Remembered are: where the store was, its owner, its newest config, and of each name the newest image and record.
 */
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Config, configKey, parseNumber, toHex } from '../../store-format/index.js';
import { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import type { RecordSource } from '../objects/numbered-records.js';
import { MemoryFolder, type StoreMemory } from './memory-folder.js';

/** Of what is missing a message names no more than this. */
const MOST_NAMED = 5;

type Identity = Pick<Config, 'storeId' | 'encryption'>;

export class ClientMemory {
  private constructor(
    readonly folder: MemoryFolder,
    /** Of the place as users name it, for messages. */
    readonly location: string,
    /** The same place has the same one. */
    private readonly place: string,
    private readonly known: readonly StoreMemory[],
  ) {}

  /** All that was seen before: to be asked for before the store is looked at. */
  static async recall(folder: string | undefined, location: string): Promise<ClientMemory> {
    const memories = new MemoryFolder(folder);
    const place = await realpath(location).catch(() => resolve(location));
    return new ClientMemory(memories, location, place, await memories.list());
  }

  /**
   * Whoever serves a store could show another config, of a store without keys or with keys of their own, and be given data.
   *
   * @throws rolled-back
   */
  requireSame({ storeId, encryption }: Identity): void {
    const same = this.known.find((memory) => memory.storeId === storeId);
    const wasHere = this.known.some(({ locations }) => locations.includes(this.place));
    if (encryption === undefined && (wasHere || same !== undefined))
      throw this.#refusal('had keys when it was last used here, and has none now');
    if (same !== undefined && encryption?.owner !== same.owner)
      throw this.#refusal('has another owner than when it was last used here');
    if (same === undefined && wasHere)
      throw this.#refusal('is another one than the store with keys that was here before');
  }

  /** Public key, 64 hex digits. */
  ownerOf(storeId: string): string | undefined {
    return this.known.find((memory) => memory.storeId === storeId)?.owner;
  }

  #refusal(what: string): StoreError {
    return new StoreError(
      'rolled-back',
      `Store ${this.location} ${what}: nothing is read from it or written to it; if that is meant, "doppel key trust" accepts it`,
      { store: this.location },
    );
  }

  /**
   * Whether the config in force is one that could have followed what was seen; then it is remembered.
   *
   * @param configs as they stand in the place; those that are used, not what it shows when it is asked again
   * @returns rolled-back
   */
  async judgeConfig(
    configs: RecordSource,
    config: Identity,
    isDamaged: boolean,
  ): Promise<StoreError | undefined> {
    const { storeId, encryption } = config;
    const before = this.known.find((memory) => memory.storeId === storeId);
    const n = Math.max(0, ...(await configs.list('config')).map((key) => parseNumber(key) ?? 0));
    const seen = before?.config ?? { n: 0, hash: '' };
    if (n < seen.n) return rolledBack(this.location, [`config ${seen.n} is gone (the newest is ${n})`]);
    if (isDamaged) return undefined;
    const hash = toHex(blake3((await configs.get(configKey(n))).bytes));
    if (n === seen.n && hash !== seen.hash)
      return rolledBack(this.location, [`config ${n} is another one than was seen`]);
    const isNews = before === undefined || n > seen.n || !before.locations.includes(this.place);
    if (isNews) await this.#rememberConfig(storeId, encryption!.owner, { n, hash });
    return undefined;
  }

  async #rememberConfig(storeId: string, owner: string, config: StoreMemory['config']): Promise<void> {
    const now = await this.folder.read(storeId);
    await this.folder.write({
      version: 1,
      storeId,
      owner,
      locations: [...new Set([...(now?.locations ?? []), this.place])],
      config: now !== undefined && now.config.n > config.n ? now.config : config,
      names: now?.names ?? {},
    });
  }

  /** Nothing was seen of the store, nor of any other at its place. */
  async forget(storeId?: string): Promise<ClientMemory> {
    for (const memory of this.known) {
      if (memory.storeId === storeId) await this.folder.delete(memory.storeId);
      else if (memory.locations.includes(this.place))
        await this.folder.write({
          ...memory,
          locations: memory.locations.filter((place) => place !== this.place),
        });
    }
    return new ClientMemory(this.folder, this.location, this.place, await this.folder.list());
  }
}

/** @param missing what was seen and is there no more */
export function rolledBack(location: string, missing: readonly string[]): StoreError {
  const more = missing.length > MOST_NAMED ? `, and ${missing.length - MOST_NAMED} more` : '';
  return new StoreError(
    'rolled-back',
    `Store ${location} shows an older state than this client has seen: ${missing.slice(0, MOST_NAMED).join(', ')}${more}. Put the newer one back; or, if the store was restored from a backup, accept it with "doppel key trust"`,
    { store: location },
  );
}
