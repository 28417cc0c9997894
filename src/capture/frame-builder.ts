/**
 * Gathers new entries of one kind until a frame is full, has it compressed by a worker, and hands it to the pack
 * writer. Entries that are scattered over an image end up side by side, so frames stay full.
 */
import { type EntryKind, FRAME_MAX_BYTES, PACK_MAX_ENTRIES } from '../../store-format/index.js';
import { compressBound } from '../compression/zstd.js';
import type { PackWriter } from '../packs/pack-writer.js';
import type { Workers } from '../workers/jobs.js';
import { SharedMemory } from '../workers/shared-memory.js';

export interface FrameBuilderOptions {
  readonly kind: EntryKind;
  readonly writer: PackWriter;
  readonly workers: Workers;
  readonly level: number;
  /** Plain bytes of a full frame. */
  readonly frameBytes: number;
  /** Frames that may be under way at a time. */
  readonly ahead: number;
}

interface OpenFrame {
  readonly memory: SharedArrayBuffer;
  readonly bytes: Uint8Array;
  readonly lengths: number[];
  readonly ids: Uint8Array[];
  filled: number;
}

export class FrameBuilder {
  readonly #memory: SharedMemory;
  /** Room for plain bytes: an entry never exceeds it, since frames are larger than entries. */
  readonly #room: number;
  #frame: OpenFrame | undefined;
  /** Frames reach the pack in the order in which they were filled. */
  #last: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(private readonly options: FrameBuilderOptions) {
    this.#room = Math.min(FRAME_MAX_BYTES, Math.max(options.frameBytes, 2 * 1024 * 1024));
    this.#memory = new SharedMemory(this.#room + compressBound(this.#room), options.ahead);
  }

  /** @param id 32 bytes, copied like `entry`. @throws what compressing or writing an earlier frame threw */
  async add(id: Uint8Array, entry: Uint8Array): Promise<void> {
    if (this.#frame !== undefined && !this.#fits(this.#frame, entry.length)) this.#send();
    if (this.#failure !== undefined) throw this.#failure;
    this.#frame ??= await this.#open();
    const frame = this.#frame;
    frame.bytes.set(entry, frame.filled);
    frame.filled += entry.length;
    frame.lengths.push(entry.length);
    frame.ids.push(Uint8Array.from(id));
  }

  #fits(frame: OpenFrame, length: number): boolean {
    return frame.filled + length <= this.options.frameBytes && frame.lengths.length < PACK_MAX_ENTRIES;
  }

  async #open(): Promise<OpenFrame> {
    const memory = await this.#memory.acquire();
    return { memory, bytes: new Uint8Array(memory, 0, this.#room), lengths: [], ids: [], filled: 0 };
  }

  #send(): void {
    const frame = this.#frame;
    if (frame === undefined) return;
    this.#frame = undefined;
    const compressed = this.options.workers.compress({
      memory: frame.memory,
      plainBytes: frame.filled,
      outOffset: this.#room,
      level: this.options.level,
    });
    this.#last = Promise.all([compressed, this.#last])
      .then(([result]) =>
        this.options.writer.append({
          kind: this.options.kind,
          codec: result.codec,
          plainBytes: frame.filled,
          stored: new Uint8Array(frame.memory, result.storedOffset, result.storedBytes),
          hash: result.hash,
          lengths: frame.lengths,
          ids: Buffer.concat(frame.ids),
        }),
      )
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => this.#memory.release(frame.memory));
  }

  /** Sends what is left and waits until the pack writer has all of it. */
  async finish(): Promise<void> {
    this.#send();
    await this.#last;
    if (this.#failure !== undefined) throw this.#failure;
  }
}
