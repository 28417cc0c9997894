/** What becomes of new chunks, stage by stage: copy into frames, compress, hash, write into packs. */

import { compressBound, compressFrame } from '../../src/compression/zstd.js';
import { blake3 } from '../../src/hashing/blake3.js';
import type { PackWriter } from '../../src/packs/pack-writer.js';
import { EntryKind } from '../../store-format/index.js';
import type { StageMeter } from './stage-meter.js';

export interface NewChunk {
  readonly id: Uint8Array;
  readonly bytes: Uint8Array;
}

export interface FrameStagesOptions {
  readonly writer: PackWriter;
  readonly level: number;
  readonly frameBytes: number;
  /** Given the plain bytes of each frame, before it is compressed. */
  readonly onFrame: (plain: Uint8Array) => void;
}

export class FrameStages {
  readonly #plain: Buffer;
  readonly #stored: Buffer;
  #filled = 0;
  #lengths: number[] = [];
  #ids: Uint8Array[] = [];

  constructor(
    private readonly options: FrameStagesOptions,
    private readonly meter: StageMeter,
  ) {
    const { frameBytes } = options;
    this.#plain = Buffer.from(new SharedArrayBuffer(frameBytes)); // as the frames of a capture are
    this.#stored = Buffer.from(new SharedArrayBuffer(compressBound(frameBytes)));
  }

  async add(chunks: readonly NewChunk[]): Promise<void> {
    for (let next = 0; next < chunks.length; ) {
      next = this.meter.time('copy into frames', () => this.#fill(chunks, next));
      if (next < chunks.length) await this.flush();
    }
  }

  /** @returns number of the first chunk that did not fit */
  #fill(chunks: readonly NewChunk[], from: number): number {
    let next = from;
    for (; next < chunks.length; next++) {
      const { id, bytes } = chunks[next]!;
      if (this.#filled + bytes.length > this.options.frameBytes) break;
      this.#plain.set(bytes, this.#filled);
      this.#filled += bytes.length;
      this.#lengths.push(bytes.length);
      this.#ids.push(Uint8Array.from(id));
    }
    return next;
  }

  /** The frame that is being filled, to its pack. */
  async flush(): Promise<void> {
    if (this.#filled === 0) return;
    const { writer, level, onFrame } = this.options;
    const plain = this.#plain.subarray(0, this.#filled);
    const [lengths, ids] = [this.#lengths, this.#ids];
    this.#filled = 0;
    this.#lengths = [];
    this.#ids = [];
    onFrame(plain);
    const { codec, bytes } = this.meter.time('compress frames', () =>
      compressFrame(plain, level, this.#stored),
    );
    const hash = this.meter.time('hash frames', () => Uint8Array.from(blake3(bytes)));
    await this.meter.timeAsync('write packs', () =>
      writer.append({
        kind: EntryKind.chunk,
        codec,
        plainBytes: plain.length,
        stored: bytes,
        hash,
        lengths,
        ids: Buffer.concat(ids),
      }),
    );
  }
}
