/** Where a capture's entries go: into packs, or nowhere in a dry run. */
import { EntryKind, FRAME_MAX_BYTES, type LeaseId, PackKind } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { settingValue } from '../engine/settings.js';
import { FrameBuilder } from '../packs/frame-builder.js';
import type { NewChunks } from '../packs/new-chunks.js';
import type { PackCatalog } from '../packs/pack-catalog.js';
import { PackWriter } from '../packs/pack-writer.js';
import { KnownEntries } from './known-entries.js';

export interface EntrySink {
  readonly known: KnownEntries;
  /** A recipe, page or extent list. */
  add(kind: EntryKind, id: Uint8Array, bytes: Uint8Array): Promise<void>;
  /** @returns when the memory that the chunks stand in may be used again */
  addChunks(memory: SharedArrayBuffer, chunks: NewChunks): Promise<{ readonly released: Promise<void> }>;
}

/** The sink of a real capture: a data pack and a meta pack, with a frame being filled for each kind of entry. */
export class PackSink implements EntrySink {
  readonly known: KnownEntries;
  readonly #writers: readonly PackWriter[];
  readonly #builders: ReadonlyMap<EntryKind, FrameBuilder>;
  readonly #chunks: FrameBuilder;

  constructor(engine: Engine, catalog: PackCatalog, lease: LeaseId, level: number | undefined) {
    this.known = new KnownEntries(catalog);
    const { objects, environment, workers, config } = engine;
    const onPack = this.known.settle.bind(this.known);
    const data = new PackWriter({ objects, environment, kind: PackKind.data, lease, onPack });
    const meta = new PackWriter({ objects, environment, kind: PackKind.meta, lease, onPack });
    const frames = {
      workers,
      level: level ?? settingValue(config, 'level'),
      frameBytes: settingValue(config, 'frameBytes'),
      ahead: 2 * workers.parallelism + 2,
    };
    this.#writers = [data, meta];
    this.#chunks = new FrameBuilder({ ...frames, kind: EntryKind.chunk, writer: data });
    this.#builders = new Map([
      [EntryKind.chunk, this.#chunks],
      [EntryKind.recipe, new FrameBuilder({ ...frames, kind: EntryKind.recipe, writer: meta, ahead: 2 })],
      [EntryKind.page, new FrameBuilder({ ...frames, kind: EntryKind.page, writer: meta, ahead: 2 })],
      [
        EntryKind.extents,
        new FrameBuilder({
          ...frames,
          kind: EntryKind.extents,
          writer: meta,
          ahead: 2,
          largestEntry: FRAME_MAX_BYTES,
        }),
      ],
    ]);
  }

  add(kind: EntryKind, id: Uint8Array, bytes: Uint8Array): Promise<void> {
    return this.#builders.get(kind)!.add(id, bytes);
  }

  addChunks(memory: SharedArrayBuffer, chunks: NewChunks): Promise<{ readonly released: Promise<void> }> {
    return this.#chunks.addSpan(memory, chunks);
  }

  get storedBytes(): number {
    return this.#writers.reduce((sum, writer) => sum + writer.storedBytes, 0);
  }

  /** All entries are in packs, and all packs are durable. */
  async finish(): Promise<void> {
    for (const builder of this.#builders.values()) await builder.finish();
    for (const writer of this.#writers) await writer.finish();
  }

  /** Leaves no half pack. */
  async abort(): Promise<void> {
    for (const writer of this.#writers) await writer.abort();
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
