/** New entries to packs: a data pack and a meta pack under way, with a frame being filled for each kind of entry. */
import {
  EntryKind,
  FRAME_MAX_BYTES,
  type LeaseId,
  PackKind,
  type PackTail,
} from '../../store-format/index.js';
import type { Environment } from '../environment.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { Workers } from '../workers/jobs.js';
import { FrameBuilder } from './frame-builder.js';
import type { NewChunks } from './new-chunks.js';
import { type FinishedFrame, PackWriter } from './pack-writer.js';

export interface EntryWriterOptions {
  readonly objects: ObjectStore;
  readonly environment: Environment;
  readonly workers: Workers;
  readonly lease: LeaseId;
  /** zstd level of frames. */
  readonly level: number;
  /** Plain bytes of a full frame. */
  readonly frameBytes: number;
  /** Called when a pack is durable under its name. */
  readonly onPack: (tail: PackTail) => Promise<void>;
}

export class EntryWriter {
  readonly #data: PackWriter;
  readonly #meta: PackWriter;
  readonly #builders: ReadonlyMap<EntryKind, FrameBuilder>;
  readonly #chunks: FrameBuilder;

  constructor(options: EntryWriterOptions) {
    const { objects, environment, lease, onPack, workers, level, frameBytes } = options;
    this.#data = new PackWriter({ objects, environment, kind: PackKind.data, lease, onPack });
    this.#meta = new PackWriter({ objects, environment, kind: PackKind.meta, lease, onPack });
    const frames = { workers, level, frameBytes };
    const meta = { ...frames, writer: this.#meta, ahead: 2 };
    const ahead = 2 * workers.parallelism + 2;
    this.#chunks = new FrameBuilder({ ...frames, kind: EntryKind.chunk, writer: this.#data, ahead });
    this.#builders = new Map([
      [EntryKind.chunk, this.#chunks],
      [EntryKind.recipe, new FrameBuilder({ ...meta, kind: EntryKind.recipe })],
      [EntryKind.page, new FrameBuilder({ ...meta, kind: EntryKind.page })],
      [
        EntryKind.extents,
        new FrameBuilder({ ...meta, kind: EntryKind.extents, largestEntry: FRAME_MAX_BYTES }),
      ],
    ]);
  }

  /** @throws what compressing or writing an earlier frame threw */
  add(kind: EntryKind, id: Uint8Array, bytes: Uint8Array): Promise<void> {
    return this.#builders.get(kind)!.add(id, bytes);
  }

  /** @returns when the memory that the chunks stand in may be used again */
  addChunks(memory: SharedArrayBuffer, chunks: NewChunks): Promise<{ readonly released: Promise<void> }> {
    return this.#chunks.addSpan(memory, chunks);
  }

  /** A frame that is compressed already. Resolves when its bytes were written and may be reused. */
  addFrame(frame: FinishedFrame): Promise<void> {
    return (frame.kind === EntryKind.chunk ? this.#data : this.#meta).append(frame);
  }

  /** Bytes of the packs written so far. */
  get storedBytes(): number {
    return this.#data.storedBytes + this.#meta.storedBytes;
  }

  /** All entries are in packs, and all packs are durable. */
  async finish(): Promise<void> {
    for (const builder of this.#builders.values()) await builder.finish();
    for (const writer of [this.#data, this.#meta]) await writer.finish();
  }

  /** Leaves no half pack. */
  async abort(): Promise<void> {
    for (const writer of [this.#data, this.#meta]) await writer.abort();
  }
}
