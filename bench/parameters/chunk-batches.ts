/** The chunks that differ, of all images, side by side in batches large enough for the largest frames. */
import type { ChunkerParameters } from '../../store-format/index.js';
import { SEGMENT_BYTES } from '../../store-format/index.js';
import type { Region } from './regions.js';
import { SegmentScanner } from './segment-scanner.js';

/** Eight of the largest frames: the last one of a batch is cut short. */
const BATCH_BYTES = 128 * 2 ** 20;

export interface ChunkBatch {
  /** Chunks side by side. */
  readonly bytes: Buffer;
  /** Byte offsets of their ends. */
  readonly ends: readonly number[];
}

export class ChunkBatches {
  readonly #scanner: SegmentScanner;
  readonly #bytes = Buffer.allocUnsafeSlow(BATCH_BYTES);
  #filled = 0;
  #ends: number[] = [];

  constructor(
    chunker: ChunkerParameters,
    private readonly onBatch: (batch: ChunkBatch) => Promise<void>,
  ) {
    this.#scanner = new SegmentScanner(chunker);
  }

  async add({ bytes }: Region): Promise<void> {
    for (let start = 0; start < bytes.length; start += SEGMENT_BYTES) {
      for (const chunk of this.#scanner.scan(bytes.subarray(start, start + SEGMENT_BYTES)).news) {
        if (this.#filled + chunk.length > BATCH_BYTES) await this.flush();
        this.#bytes.set(chunk, this.#filled);
        this.#filled += chunk.length;
        this.#ends.push(this.#filled);
      }
    }
  }

  async flush(): Promise<void> {
    if (this.#filled === 0) return;
    await this.onBatch({ bytes: this.#bytes.subarray(0, this.#filled), ends: this.#ends });
    this.#filled = 0;
    this.#ends = [];
  }
}
