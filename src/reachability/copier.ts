/**
 * Copies entries to new packs. Each is decoded and hashed on the way (SPEC.md, I11). A frame that is wanted as a whole
 * keeps its compressed bytes; what is left of others is gathered into new frames, and so are small frames.
 */
import {
  FRAME_MAX_BYTES,
  HASH_BYTES,
  type LeaseId,
  PackKind,
  type PackTail,
} from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { settingValue } from '../engine/settings.js';
import { blake3 } from '../hashing/blake3.js';
import type { ObjectStore } from '../objects/object-store.js';
import { EntryWriter } from '../packs/entry-writer.js';
import type { FooterTable } from '../packs/footer-table.js';
import { NewChunks } from '../packs/new-chunks.js';
import type { FinishedFrame } from '../packs/pack-writer.js';
import { SharedMemory } from '../workers/shared-memory.js';
import { checkChunks, plainBytesOf, readStored, type WantedFrame, wantedFrames } from './check-frames.js';
import { checkedEntry, readPlainFrame } from './meta-entries.js';

/** Plain bytes of what is left of frames, gathered at a time. The largest frame fits. */
const GATHERED_BYTES = FRAME_MAX_BYTES;
/** Frames whose plain bytes are fewer than this share of a full one's are gathered with others. */
const SMALL_FRAME = 1 / 4;

export interface CopierOptions {
  readonly engine: Engine;
  /** Where the packs lie that are copied from; the store itself when absent. */
  readonly source?: Pick<ObjectStore, 'get'>;
  readonly lease: LeaseId;
  /** Called when a pack of copies is durable under its name. */
  readonly onPack: (tail: PackTail) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
  /** Told of entries that cannot be read or do not hash to their ids: they were not copied. */
  readonly onBad: (footer: FooterTable, ordinal: number) => void;
  /** Told of each frame that was dealt with, or soon will be. */
  readonly onBytes: (storedBytes: number, wanted: WantedFrame) => void;
}

export class Copier {
  readonly #writer: EntryWriter;
  readonly #source: Pick<ObjectStore, 'get'>;
  readonly #memory = new SharedMemory(GATHERED_BYTES, 2);
  readonly #frameBytes: number;
  #gathering: WantedFrame[] = [];
  #gatheringBytes = 0;
  /** What is left of whole frames that turned out to be damaged. */
  readonly #remains: WantedFrame[] = [];
  readonly #running = new Set<Promise<void>>();
  #failure: unknown;

  constructor(private readonly options: CopierOptions) {
    const { engine, lease, onPack } = options;
    const { objects, environment, workers, config } = engine;
    this.#source = options.source ?? objects;
    this.#frameBytes = settingValue(config, 'frameBytes');
    this.#writer = new EntryWriter({
      objects,
      environment,
      workers,
      lease,
      level: settingValue(config, 'level'),
      frameBytes: this.#frameBytes,
      onPack,
    });
  }

  /** Bytes of the packs written so far. */
  get writtenBytes(): number {
    return this.#writer.storedBytes;
  }

  /** Copies the wanted entries of a pack. @throws no-space, object-unreadable, io-failed */
  async copy(footer: FooterTable, isWanted: (ordinal: number) => boolean): Promise<void> {
    for (const wanted of wantedFrames(footer, isWanted)) {
      this.options.signal?.throwIfAborted();
      if (footer.kind === PackKind.meta) await this.#copyMeta(wanted);
      else if (this.#isWhole(wanted)) await this.#start(() => this.#copyWhole(wanted));
      else await this.#gather(wanted);
      this.options.onBytes(wanted.frame.storedBytes, wanted);
    }
  }

  #isWhole({ frame, ordinals }: WantedFrame): boolean {
    return ordinals.length === frame.entries && frame.plainBytes >= SMALL_FRAME * this.#frameBytes;
  }

  /** All is in packs, and all packs are durable. @throws no-space, object-unreadable, io-failed */
  async finish(): Promise<void> {
    await this.#settle();
    for (const wanted of this.#remains) await this.#gather(wanted);
    await this.#flush();
    await this.#settle();
    await this.#writer.finish();
  }

  /** Leaves no half pack. */
  async abort(): Promise<void> {
    await Promise.all(this.#running);
    await this.#writer.abort();
  }

  /** A few at a time. They never reject: they set the failure. */
  async #start(work: () => Promise<void>): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const run = work()
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => this.#running.delete(run));
    this.#running.add(run);
    if (this.#running.size > 2 * this.options.engine.workers.parallelism) await Promise.race(this.#running);
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#running);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #copyWhole(wanted: WantedFrame): Promise<void> {
    const { engine, onBad } = this.options;
    const stored = await readStored(this.#source, wanted);
    const [bad] = await checkChunks(engine, [wanted], [stored], { kind: 'none' });
    if (stored !== undefined && bad!.size === 0) return this.#writer.addFrame(finishedFrame(wanted, stored));
    for (const ordinal of bad!) onBad(wanted.footer, ordinal);
    const ordinals = wanted.ordinals.filter((ordinal) => !bad!.has(ordinal));
    if (ordinals.length > 0) this.#remains.push({ ...wanted, ordinals });
  }

  async #gather(wanted: WantedFrame): Promise<void> {
    const bytes = plainBytesOf(wanted);
    if (this.#gatheringBytes + bytes > GATHERED_BYTES) await this.#flush();
    this.#gathering.push(wanted);
    this.#gatheringBytes += bytes;
  }

  async #flush(): Promise<void> {
    const frames = this.#gathering;
    if (frames.length === 0) return;
    this.#gathering = [];
    this.#gatheringBytes = 0;
    const memory = await this.#memory.acquire();
    await this.#start(() => this.#reframe(frames, memory).finally(() => this.#memory.release(memory)));
  }

  async #reframe(frames: readonly WantedFrame[], memory: SharedArrayBuffer): Promise<void> {
    const { engine, onBad } = this.options;
    const stored = await Promise.all(frames.map((wanted) => readStored(this.#source, wanted)));
    const bad = await checkChunks(engine, frames, stored, { kind: 'memory', memory });
    const chunks = new NewChunks();
    let offset = 0;
    for (const [f, { footer, ordinals }] of frames.entries()) {
      for (const ordinal of ordinals) {
        const length = footer.lengths[ordinal]!;
        const id = footer.ids.subarray(HASH_BYTES * ordinal, HASH_BYTES * (ordinal + 1));
        if (bad[f]!.has(ordinal)) onBad(footer, ordinal);
        else chunks.add(offset, length, id);
        offset += length;
      }
    }
    if (chunks.bytes > 0) await (await this.#writer.addChunks(memory, chunks)).released;
  }

  /** Recipes and pages are few and small: they are checked here. */
  async #copyMeta({ footer, frame, ordinals }: WantedFrame): Promise<void> {
    const plain = await readPlainFrame(this.#source, footer, frame);
    for (const ordinal of ordinals) {
      const bytes = plain && checkedEntry(this.options.engine, footer, plain, ordinal, frame.kind);
      if (bytes === undefined) this.options.onBad(footer, ordinal);
      else {
        const id = footer.ids.subarray(HASH_BYTES * ordinal, HASH_BYTES * (ordinal + 1));
        await this.#writer.add(frame.kind, id, bytes);
      }
    }
  }
}

function finishedFrame({ footer, frame, ordinals }: WantedFrame, stored: Uint8Array): FinishedFrame {
  const [first, count] = [ordinals[0]!, ordinals.length];
  return {
    kind: frame.kind,
    codec: frame.codec,
    plainBytes: frame.plainBytes,
    stored,
    hash: blake3(stored),
    lengths: Array.from(footer.lengths.subarray(first, first + count)),
    ids: Uint8Array.from(footer.ids.subarray(HASH_BYTES * first, HASH_BYTES * (first + count))),
  };
}
