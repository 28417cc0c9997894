/**
 * What the operations work with: the parts of an open store, bound together. The chunk index is opened on first use,
 * since listing images needs none.
 */
import {
  type Blake3,
  type ChunkerParameters,
  type Config,
  chunkerFingerprint,
} from '../../store-format/index.js';
import { MemoryIndex } from '../chunk-index/memory-index.js';
import type { IndexSlot } from '../chunk-index/slots.js';
import { gearSeedOf } from '../encryption/keyring.js';
import type { Vault } from '../encryption/vault.js';
import type { Environment } from '../environment.js';
import { messageOf, type StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import { ImageLibrary } from '../images/image-library.js';
import type { ImageMemory } from '../images/image-memory.js';
import type { OperationOptions, Warning } from '../interface.js';
import type { OwnWork } from '../memory/own-work.js';
import type { ObjectStore } from '../objects/object-store.js';
import { PackCatalog, type RefreshResult } from '../packs/pack-catalog.js';
import { PackTrust } from '../packs/pack-trust.js';
import type { Workers } from '../workers/jobs.js';
import { keyedWorkers } from '../workers/keyed-workers.js';

export interface EngineParts {
  readonly objects: ObjectStore;
  readonly environment: Environment;
  readonly config: Config;
  /** Why the config in force cannot be used by writers. */
  readonly configDamage?: StoreError | undefined;
  readonly workers: Workers;
  /** Opens a chunk index that nobody else uses. */
  readonly openIndex: () => Promise<IndexSlot>;
  readonly warn: (warning: Warning) => void;
  /** What this client saw of the store's images before; only of stores with keys. */
  readonly memory?: ImageMemory | undefined;
  /** What this machine stored; only where it cannot read that back. */
  readonly ownWork?: OwnWork | undefined;
}

/** Where the store has keys, they say what the config does not. */
export function chunkerOf({ chunker }: Config, vault: Vault | undefined): ChunkerParameters {
  const gearSeed = chunker.gearSeed ?? (vault && gearSeedOf(vault.keyring));
  if (gearSeed === undefined) throw new TypeError('A store with keys is opened with one');
  return { ...chunker, gearSeed };
}

export class Engine {
  readonly objects: ObjectStore;
  readonly environment: Environment;
  readonly workers: Workers;
  readonly library: ImageLibrary;
  readonly warn: (warning: Warning) => void;
  config: Config;
  readonly configDamage: StoreError | undefined;
  readonly memory: ImageMemory | undefined;
  readonly ownWork: OwnWork | undefined;
  readonly #openIndex: () => Promise<IndexSlot>;
  #slot: Promise<IndexSlot> | undefined;
  #catalog: PackCatalog | undefined;
  #remaking: Promise<void> | undefined;
  #remade = false;

  readonly chunker: ChunkerParameters;
  /** Stands in every recipe and manifest that this store cuts. */
  readonly chunkerFingerprint: string;
  /** How ids of entries follow from their bytes. */
  readonly entryHash: Blake3;

  constructor(parts: EngineParts) {
    const { vault } = parts.objects;
    this.chunker = chunkerOf(parts.config, vault);
    this.chunkerFingerprint = chunkerFingerprint(blake3, this.chunker);
    this.entryHash = vault?.entryHash ?? blake3;
    this.objects = parts.objects;
    this.environment = parts.environment;
    this.workers = vault === undefined ? parts.workers : keyedWorkers(parts.workers, vault);
    this.config = parts.config;
    this.configDamage = parts.configDamage;
    this.warn = parts.warn;
    this.memory = parts.memory;
    this.ownWork = parts.ownWork;
    this.library = new ImageLibrary(parts.objects, parts.environment, parts.warn, parts.memory);
    this.#openIndex = parts.openIndex;
  }

  /** The catalog, up to date with what the store holds now. */
  async catalog(options: OperationOptions = {}): Promise<PackCatalog> {
    return (await this.refreshCatalog(options)).catalog;
  }

  async refreshCatalog(
    options: OperationOptions,
  ): Promise<{ catalog: PackCatalog; refreshed: RefreshResult }> {
    this.#slot ??= this.#openIndex().catch((error: unknown) => this.#indexInMemory(error));
    const slot = await this.#slot;
    if (this.#catalog === undefined) {
      const trust = PackTrust.of(this.objects, await this.ownWork?.packs());
      this.#catalog ??= new PackCatalog(this.objects, slot.index, this.warn, trust);
      if (slot.damage !== undefined) this.warnRebuilt(slot.damage);
    }
    const catalog = this.#catalog;
    return { catalog, refreshed: await catalog.refresh(options) };
  }

  /** An index only saves time: where none can be kept, such as on a full disk, one is made for this process alone. */
  #indexInMemory(cause: unknown): IndexSlot {
    this.warn({
      code: 'index-unusable',
      message: `The chunk index cannot be used (${messageOf(cause)}): one is made in memory, which takes longer`,
    });
    const close = async () => {};
    return { index: new MemoryIndex(), damage: undefined, laterDamage: () => undefined, close };
  }

  async closeIndex(): Promise<void> {
    const slot = await this.#slot?.catch(() => undefined);
    this.#slot = undefined;
    this.#catalog = undefined;
    await slot?.close();
  }

  private warnRebuilt(cause: unknown): void {
    this.warn({
      code: 'index-rebuilt',
      message: `The chunk index was damaged (${messageOf(cause)}) and is being made anew from the packs`,
    });
  }

  /** Something is in no pack that the catalog lists, just now: the index itself may be at fault, and is made anew once. */
  async distrustIndex(): Promise<void> {
    const slot = await this.#slot;
    const catalog = this.#catalog;
    if (slot === undefined || catalog === undefined || this.#remade) return;
    // While it is made anew it knows next to nothing: whoever misses something meanwhile waits for it.
    this.#remaking ??= this.#remakeIndex(slot, catalog);
    await this.#remaking;
  }

  async #remakeIndex(slot: IndexSlot, catalog: PackCatalog): Promise<void> {
    const damage = slot.laterDamage();
    if (damage !== undefined) this.warnRebuilt(damage);
    await slot.index.clear();
    await catalog.refresh();
    this.#remade = true;
  }

  async close(): Promise<void> {
    await this.workers.close();
    await this.closeIndex();
  }
}
