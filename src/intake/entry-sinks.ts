/** Where a capture's entries go: into packs, or nowhere in a dry run. */
import type { EntryKind, LeaseId } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { settingValue } from '../engine/settings.js';
import { OwnPackNotes } from '../memory/own-pack-notes.js';
import { EntryWriter } from '../packs/entry-writer.js';
import type { NewChunks } from '../packs/new-chunks.js';
import type { PackCatalog } from '../packs/pack-catalog.js';
import { KnownEntries } from './known-entries.js';

export interface EntrySink {
  readonly known: KnownEntries;
  /** A recipe, page or extent list. */
  add(kind: EntryKind, id: Uint8Array, bytes: Uint8Array): Promise<void>;
  /** @returns when the memory that the chunks stand in may be used again */
  addChunks(memory: SharedArrayBuffer, chunks: NewChunks): Promise<{ readonly released: Promise<void> }>;
}

/** The sink of a real capture. */
export class PackSink implements EntrySink {
  readonly known: KnownEntries;
  readonly #writer: EntryWriter;
  readonly #notes: OwnPackNotes | undefined;

  constructor(engine: Engine, catalog: PackCatalog, lease: LeaseId, level: number | undefined) {
    this.known = new KnownEntries(catalog);
    const { objects, environment, workers, config, ownWork } = engine;
    this.#notes = ownWork && new OwnPackNotes(ownWork, environment, (pack) => catalog.present.has(pack));
    this.#writer = new EntryWriter({
      objects,
      environment,
      workers,
      lease,
      level: level ?? settingValue(config, 'level'),
      frameBytes: settingValue(config, 'frameBytes'),
      onPack: async (tail) => {
        await this.known.settle(tail);
        await this.#notes?.add(tail.id);
      },
    });
  }

  add(kind: EntryKind, id: Uint8Array, bytes: Uint8Array): Promise<void> {
    return this.#writer.add(kind, id, bytes);
  }

  addChunks(memory: SharedArrayBuffer, chunks: NewChunks): Promise<{ readonly released: Promise<void> }> {
    return this.#writer.addChunks(memory, chunks);
  }

  get storedBytes(): number {
    return this.#writer.storedBytes;
  }

  async finish(): Promise<void> {
    await this.#writer.finish();
    await this.#notes?.write();
  }

  async abort(): Promise<void> {
    await this.#writer.abort();
    await this.#notes?.write();
  }
}

/**
 * A dry run never settles its entries, so it remembers at most this many (about 100 MB, 16 GiB of new data): beyond,
 * what repeats inside the image counts as new each time.
 */
const DRY_RUN_IDS = 1_000_000;

/** The sink of a dry run: what is new is counted and dropped. */
export class CountingSink implements EntrySink {
  readonly known: KnownEntries;

  constructor(catalog: PackCatalog) {
    this.known = new KnownEntries(catalog, DRY_RUN_IDS);
  }

  async add(): Promise<void> {}

  async addChunks(): Promise<{ readonly released: Promise<void> }> {
    return { released: Promise.resolve() };
  }
}
