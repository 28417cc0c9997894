/**
 * New entries of one kind to frames: compressed by workers, handed to the pack writer in order. Chunks that fill
 * frames by themselves are compressed where they stand; those that are scattered over an image are gathered side by
 * side first, so frames stay full.
 */
import { type EntryKind, FRAME_MAX_BYTES, MIB, PACK_MAX_ENTRIES } from '../../store-format/index.js';
import type { Workers } from '../workers/jobs.js';
import { SharedMemory } from '../workers/shared-memory.js';
import type { NewChunks, SpanFrame } from './new-chunks.js';
import type { PackWriter } from './pack-writer.js';

export interface FrameBuilderOptions {
  readonly kind: EntryKind;
  readonly writer: PackWriter;
  readonly workers: Workers;
  readonly level: number;
  /** Plain bytes of a full frame. */
  readonly frameBytes: number;
  /** Bytes of the largest entry; 2 MiB by default. */
  readonly largestEntry?: number;
  /** Frames that may be under way at a time. */
  readonly ahead: number;
}

/** A frame that is being gathered. */
interface OpenFrame {
  readonly memory: SharedArrayBuffer;
  readonly bytes: Uint8Array;
  readonly lengths: number[];
  readonly ids: Uint8Array[];
  filled: number;
}

export class FrameBuilder {
  readonly #memory: SharedMemory;
  /** Room for plain bytes: a frame, or the largest entry. */
  readonly #room: number;
  #frame: OpenFrame | undefined;
  /** Frames reach the pack in the order in which they were filled. */
  #last: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(private readonly options: FrameBuilderOptions) {
    this.#room = Math.min(FRAME_MAX_BYTES, Math.max(options.frameBytes, options.largestEntry ?? 2 * MIB));
    this.#memory = new SharedMemory(this.#room, options.ahead);
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

  /**
   * @returns when the memory may be used again: its new chunks are in a pack, or copied
   * @throws what compressing or writing an earlier frame threw
   */
  async addSpan(memory: SharedArrayBuffer, chunks: NewChunks): Promise<{ readonly released: Promise<void> }> {
    if (this.#failure !== undefined) throw this.#failure;
    const frames = chunks.splitIntoFrames(this.options.frameBytes);
    if (frames.length > 0) return { released: this.#compress(memory, frames) };
    const bytes = new Uint8Array(memory);
    for (const [i, id] of chunks.ids.entries()) {
      const offset = chunks.offsets[i]!;
      await this.add(id, bytes.subarray(offset, offset + chunks.lengths[i]!));
    }
    return { released: Promise.resolve() };
  }

  #send(): void {
    const frame = this.#frame;
    if (frame === undefined) return;
    this.#frame = undefined;
    const { memory, filled, lengths, ids } = frame;
    void this.#compress(memory, [{ pieces: [0, filled], lengths, ids }]).then(() =>
      this.#memory.release(memory),
    );
  }

  /** Frames reach the pack in the order in which this was called. Never rejects: it sets the failure. */
  #compress(memory: SharedArrayBuffer, frames: readonly SpanFrame[]): Promise<void> {
    const { workers, level } = this.options;
    const jobFrames = frames.map(({ pieces }) => ({ pieces }));
    const compressed = workers.compress({ memory, frames: jobFrames, level });
    const before = this.#last;
    this.#last = this.#append(memory, frames, compressed, before).catch((error: unknown) => {
      this.#failure ??= error;
    });
    return this.#last;
  }

  async #append(
    memory: SharedArrayBuffer,
    frames: readonly SpanFrame[],
    compressed: ReturnType<Workers['compress']>,
    before: Promise<void>,
  ): Promise<void> {
    const [results] = await Promise.all([compressed, before]);
    for (const [i, { codec, offset, storedBytes, plainBytes, hash }] of results.entries()) {
      const { lengths, ids } = frames[i]!;
      const stored = new Uint8Array(memory, offset, storedBytes);
      const { kind, writer } = this.options;
      await writer.append({ kind, codec, plainBytes, stored, hash, lengths, ids: Buffer.concat(ids) });
    }
  }

  /** Sends what is left and waits until the pack writer has all of it. */
  async finish(): Promise<void> {
    this.#send();
    await this.#last;
    if (this.#failure !== undefined) throw this.#failure;
  }
}
