/**
 * What this client saw of the images of a store with keys: of each name the newest image and the highest record. Names are
 * kept as keyed hashes: the memory tells them to nobody who has no key.
 */
import { type PubId, toHex } from '../../store-format/index.js';
import { type Keyring, nameKeyOf } from '../encryption/keyring.js';
import type { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import { keyedHash } from '../hashing/keyed-ids.js';
import type { ImageMemory, RecalledImages, ShownImages } from '../images/image-memory.js';
import { findPurged } from '../images/marks.js';
import type { ObjectStore } from '../objects/object-store.js';
import { type ClientMemory, rolledBack } from './client-memory.js';
import type { NameMemory, StoreMemory } from './memory-folder.js';

export class MemoryOfImages implements ImageMemory {
  readonly #storeId: string;
  readonly #hash: (bytes: Uint8Array) => Uint8Array;

  constructor(
    private readonly memory: ClientMemory,
    keyring: Keyring,
  ) {
    this.#storeId = toHex(keyring.storeId);
    this.#hash = keyedHash(nameKeyOf(keyring));
  }

  async recall(): Promise<RecalledImages> {
    const before = (await this.memory.folder.read(this.#storeId))?.names ?? {};
    return { judge: (objects, shown) => this.#judge(before, objects, shown) };
  }

  /** The newest image of each name, as it was last seen. */
  async seen(): Promise<readonly PubId[]> {
    const names = (await this.memory.folder.read(this.#storeId))?.names ?? {};
    return Object.values(names).map(({ image }) => image as PubId);
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
    const absent = absentImages(before, shown);
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
    if (missing.length > 0) return rolledBack(this.memory.location, missing);
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
      // What another process remembers since is newer than what this one was shown.
      const isSame = (key: string) => names[key]?.image === before[key]?.image;
      return { ...Object.fromEntries(left), ...Object.fromEntries([...news].filter(([key]) => isSame(key))) };
    });
  }

  async #change(edit: (names: StoreMemory['names']) => StoreMemory['names']): Promise<void> {
    const now = await this.memory.folder.read(this.#storeId);
    if (now !== undefined) await this.memory.folder.write({ ...now, names: edit(now.names) });
  }

  #keyOf(name: string): string {
    return toHex(this.#hash(blake3(Buffer.from(name))));
  }
}

/** A listing that lags behind has them nevertheless (`SealedStore.list`): an image that was left out of it is missing. */
function absentImages(names: StoreMemory['names'], { images, unreadable }: ShownImages): readonly PubId[] {
  const seen = Object.values(names).map(({ image }) => image as PubId);
  return seen.filter((image) => !images.has(image) && !unreadable.has(image));
}
