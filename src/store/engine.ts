/**
 * What the operations work with: the parts of an open store, bound together. The chunk index is opened on first use,
 * since listing images needs none.
 */
import type { Config } from '../../store-format/index.js';
import type { IndexSlot } from '../chunk-index/slots.js';
import type { Environment } from '../environment.js';
import { messageOf } from '../errors.js';
import { ImageLibrary } from '../images/image-library.js';
import type { OperationOptions, Warning } from '../interface.js';
import type { ObjectStore } from '../objects/object-store.js';
import { PackCatalog } from '../packs/pack-catalog.js';
import type { Workers } from '../workers/jobs.js';

export interface EngineParts {
  readonly objects: ObjectStore;
  readonly environment: Environment;
  readonly config: Config;
  readonly workers: Workers;
  /** Opens a chunk index that nobody else uses. */
  readonly openIndex: () => Promise<IndexSlot>;
  readonly warn: (warning: Warning) => void;
}

export class Engine {
  readonly objects: ObjectStore;
  readonly environment: Environment;
  readonly workers: Workers;
  readonly library: ImageLibrary;
  readonly warn: (warning: Warning) => void;
  config: Config;
  readonly #openIndex: () => Promise<IndexSlot>;
  #slot: Promise<IndexSlot> | undefined;
  #catalog: PackCatalog | undefined;
  #distrusted = false;

  constructor(parts: EngineParts) {
    this.objects = parts.objects;
    this.environment = parts.environment;
    this.workers = parts.workers;
    this.config = parts.config;
    this.warn = parts.warn;
    this.library = new ImageLibrary(parts.objects, parts.environment, parts.warn);
    this.#openIndex = parts.openIndex;
  }

  /** The catalog, up to date with what the store holds now. */
  async catalog(options: OperationOptions = {}): Promise<PackCatalog> {
    this.#slot ??= this.#openIndex();
    const slot = await this.#slot;
    if (this.#catalog === undefined) {
      this.#catalog = new PackCatalog(this.objects, slot.index, this.warn);
      if (slot.damage !== undefined) this.warnRebuilt(slot.damage);
    }
    await this.#catalog.refresh(options);
    return this.#catalog;
  }

  private warnRebuilt(cause: unknown): void {
    this.warn({
      code: 'index-rebuilt',
      message: `The chunk index was damaged (${messageOf(cause)}) and is being made anew from the packs`,
    });
  }

  /**
   * Something that should be there was not found: looks at the store again, and if the index itself is at fault or
   * knows all packs already, makes it anew once.
   */
  async distrustIndex(): Promise<void> {
    const slot = await this.#slot;
    const catalog = this.#catalog;
    if (slot === undefined || catalog === undefined) return;
    if (this.#distrusted) return catalog.refresh().then(() => undefined);
    this.#distrusted = true;
    const damage = slot.laterDamage();
    if (damage !== undefined) this.warnRebuilt(damage);
    await slot.index.clear();
    await catalog.refresh();
  }

  async close(): Promise<void> {
    await this.workers.close();
    const slot = await this.#slot?.catch(() => undefined);
    await slot?.close();
  }
}
