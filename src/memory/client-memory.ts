/**
 * What this client saw of a store with keys, held against what the store shows now. Signatures cannot tell an older state of
 * a store from its newest one; whoever has seen a newer one can. A client that sees the store for the first time cannot.
 *
 * Remembered are: where the store was, its owner, its newest config, and of each name the newest image and record.
 */
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  type Config,
  configKey,
  imageKey,
  type PubId,
  parseNumber,
  toHex,
} from '../../store-format/index.js';
import { type Keyring, nameKeyOf } from '../encryption/keyring.js';
import { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import { keyedHash } from '../hashing/keyed-ids.js';
import type { ImageMemory, RecalledImages, ShownImages } from '../images/image-memory.js';
import { findPurged } from '../images/marks.js';
import type { RecordSource } from '../objects/numbered-records.js';
import type { ObjectStore } from '../objects/object-store.js';
import { MemoryFolder, type NameMemory, type StoreMemory } from './memory-folder.js';

/** Of what is missing a message names no more than this. */
const MOST_NAMED = 5;

type Identity = Pick<Config, 'storeId' | 'encryption'>;

export class ClientMemory {
  private constructor(
    private readonly folder: MemoryFolder,
    /** Of the place as users name it, for messages. */
    private readonly location: string,
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
   * @param place with its objects as they stand there. @returns rolled-back
   */
  async judgeConfig(
    place: RecordSource,
    config: Identity,
    isDamaged: boolean,
  ): Promise<StoreError | undefined> {
    const { storeId, encryption } = config;
    const before = this.known.find((memory) => memory.storeId === storeId);
    const n = Math.max(0, ...(await place.list('config')).map((key) => parseNumber(key) ?? 0));
    const seen = before?.config ?? { n: 0, hash: '' };
    if (n < seen.n) return rolledBack(this.location, [`config ${seen.n} is gone (the newest is ${n})`]);
    if (isDamaged) return undefined;
    const hash = toHex(blake3((await place.get(configKey(n))).bytes));
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

  /** Of the images of a store that was opened. */
  imagesOf(keyring: Keyring): ImageMemory {
    return new MemoryOfImages(this.folder, this.location, keyring);
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

class MemoryOfImages implements ImageMemory {
  readonly #storeId: string;
  readonly #hash: (bytes: Uint8Array) => Uint8Array;

  constructor(
    private readonly folder: MemoryFolder,
    private readonly location: string,
    keyring: Keyring,
  ) {
    this.#storeId = toHex(keyring.storeId);
    this.#hash = keyedHash(nameKeyOf(keyring));
  }

  async recall(): Promise<RecalledImages> {
    const before = (await this.folder.read(this.#storeId))?.names ?? {};
    return { judge: (objects, shown) => this.#judge(before, objects, shown) };
  }

  async published(name: string, image: PubId): Promise<void> {
    await this.#change((names) => {
      const key = this.#keyOf(name);
      return { ...names, [key]: { record: names[key]?.record ?? 0, image } };
    });
  }

  async #judge(
    before: StoreMemory['names'],
    objects: ObjectStore,
    shown: ShownImages,
  ): Promise<StoreError | undefined> {
    const nameOf = new Map(Array.from(shown.names.keys(), (name) => [this.#keyOf(name), name]));
    const absent = await absentImages(objects, before, shown);
    const purged = await findPurged(objects, absent);
    const missing: string[] = [];
    for (const [key, { image, record }] of Object.entries(before)) {
      if (purged.has(image as PubId)) continue; // and a name that begins anew has records that begin anew
      const name = nameOf.get(key);
      const of = name === undefined ? '' : ` of ${name}`;
      if (absent.includes(image as PubId)) missing.push(`image ${image.slice(0, 8)}${of} is gone`);
      const newest = name === undefined ? record : shown.names.get(name)!.record;
      if (newest < record) missing.push(`record ${record}${of} is gone (the newest is ${newest})`);
    }
    if (missing.length > 0) return rolledBack(this.location, missing);
    if (shown.complete) await this.#remember(before, shown, purged);
    return undefined;
  }

  async #remember(
    before: StoreMemory['names'],
    shown: ShownImages,
    purged: ReadonlySet<PubId>,
  ): Promise<void> {
    const news = new Map<string, NameMemory>();
    for (const [name, { newest, record }] of shown.names) {
      const key = this.#keyOf(name);
      const old = before[key];
      if (newest !== undefined && (old?.image !== newest || old.record !== record))
        news.set(key, { image: newest, record });
    }
    const ended = Object.entries(before).filter(([, { image }]) => purged.has(image as PubId));
    if (news.size === 0 && ended.length === 0) return;
    await this.#change((names) => {
      const left = Object.entries(names).filter(([, { image }]) => !purged.has(image as PubId));
      return { ...Object.fromEntries(left), ...Object.fromEntries(news) };
    });
  }

  async #change(edit: (names: StoreMemory['names']) => StoreMemory['names']): Promise<void> {
    const now = await this.folder.read(this.#storeId);
    if (now !== undefined) await this.folder.write({ ...now, names: edit(now.names) });
  }

  #keyOf(name: string): string {
    return toHex(this.#hash(Buffer.from(name)));
  }
}

/** Asked for one by one: a listing may lag behind. */
async function absentImages(
  objects: ObjectStore,
  names: StoreMemory['names'],
  { images }: ShownImages,
): Promise<readonly PubId[]> {
  const absent: PubId[] = [];
  for (const { image } of Object.values(names)) {
    const id = image as PubId;
    if (!images.has(id) && (await isAbsent(objects, id))) absent.push(id);
  }
  return absent;
}

/** What cannot be asked for just now is not said to be gone. */
async function isAbsent(objects: ObjectStore, image: PubId): Promise<boolean> {
  try {
    return (await objects.size(imageKey(image))) === undefined;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return false;
  }
}

function rolledBack(location: string, missing: readonly string[]): StoreError {
  const more = missing.length > MOST_NAMED ? `, and ${missing.length - MOST_NAMED} more` : '';
  return new StoreError(
    'rolled-back',
    `Store ${location} shows an older state than this client has seen: ${missing.slice(0, MOST_NAMED).join(', ')}${more}. Put the newer one back; or, if the store was restored from a backup, accept it with "doppel key trust"`,
    { store: location },
  );
}
