/**
 * Reads published images through the real code, outside of the schedule, and compares them byte by byte. An image none of
 * whose copies has come or gone since it was last read is not read again: what is stored never changes.
 */
import type { ChunkIndex } from '../../src/chunk-index/chunk-index.js';
import { MemoryIndex } from '../../src/chunk-index/memory-index.js';
import { EntryReader } from '../../src/contents/entry-reader.js';
import { ImageContents } from '../../src/contents/image-contents.js';
import { readRange } from '../../src/contents/read-range.js';
import type { Vault } from '../../src/encryption/vault.js';
import { Engine } from '../../src/engine/engine.js';
import type { Environment } from '../../src/environment.js';
import { readManifest } from '../../src/images/image-heads.js';
import { SealedStore } from '../../src/objects/sealed-store.js';
import type { Workers } from '../../src/workers/jobs.js';
import type { Config, PubId } from '../../store-format/index.js';
import { bytesOf } from './disks.js';
import { instantStore } from './instant-store.js';
import type { Ledger, PublishedImage } from './ledger.js';
import type { Model } from './model.js';
import { compare } from './operations.js';
import type { Storage } from './storage.js';
import { Violation } from './violation.js';

export class ReadingCheck {
  readonly #index: ChunkIndex = new MemoryIndex();
  #read = 0;

  constructor(
    private readonly storage: Storage,
    private readonly ledger: Ledger,
    private readonly model: Model,
    /** The store's config; and what opens the store, where it has keys. */
    private readonly opened: { readonly config: Config; readonly vault: Vault | undefined },
    private readonly workers: Workers,
    private readonly environment: Environment,
  ) {}

  get imagesRead(): number {
    return this.#read;
  }

  /** @throws Violation */
  async readAll(): Promise<void> {
    const { dirty } = this.model.wholeness;
    const engine = this.#engine();
    for (const image of this.ledger.images.values()) {
      const { pub } = image;
      const isLive = this.model.isLive(pub);
      if (!isLive && !this.ledger.isPinned(pub)) continue;
      if (!this.model.wholeness.isRoot(pub))
        throw new Violation('promise', `Image ${pub} was published and is gone`, [pub]);
      if (!dirty.has(pub) || this.model.wholeness.isDamaged(pub)) continue;
      await this.#readOne(engine, image, isLive);
      this.#read++;
      dirty.delete(pub);
    }
  }

  async #readOne(engine: Engine, image: PublishedImage, isLive: boolean): Promise<void> {
    try {
      if (isLive) await compare(engine, image, 1);
      else await this.#readByManifest(engine, image);
    } catch (error) {
      if (error instanceof Violation) throw error;
      throw new Violation('promise', `Image ${image.pub} cannot be read: ${String(error)}`, [image.pub]);
    }
  }

  /** A pinned image may be purged: no reference names it any more. */
  async #readByManifest(engine: Engine, { pub, disk }: PublishedImage): Promise<void> {
    const catalog = await engine.catalog();
    const manifest = await readManifest(engine.objects, pub as PubId);
    const contents = ImageContents.of(manifest, new EntryReader(engine, catalog));
    const found = await readRange(engine, catalog, contents, 0, disk.size);
    if (!bytesOf(disk).equals(found)) throw new Violation('bytes', `Image ${pub} gives other bytes`, [pub]);
  }

  #engine(): Engine {
    const { config, vault } = this.opened;
    const objects = instantStore(this.storage);
    return new Engine({
      objects: vault === undefined ? objects : new SealedStore(objects, vault),
      environment: this.environment,
      config,
      workers: this.workers,
      openIndex: async () => ({
        index: this.#index,
        damage: undefined,
        laterDamage: () => undefined,
        close: async () => {},
      }),
      warn: () => undefined,
    });
  }
}
