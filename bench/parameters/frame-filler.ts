/** Entries side by side into frames, which are compressed and counted: what a store would hold of them. */
import { compressBound, compressFrame } from '../../src/compression/zstd.js';

export class FrameFiller {
  readonly #plain: Buffer;
  readonly #stored: Buffer;
  #filled = 0;
  entries = 0;
  plainBytes = 0;
  storedBytes = 0;
  frames = 0;

  /** @param roomBytes at least the longest entry */
  constructor(
    private readonly frameBytes: number,
    private readonly level: number,
    roomBytes: number,
  ) {
    const room = Math.max(frameBytes, roomBytes);
    this.#plain = Buffer.allocUnsafeSlow(room);
    this.#stored = Buffer.allocUnsafeSlow(compressBound(room));
  }

  add(entry: Uint8Array): void {
    if (this.#filled > 0 && this.#filled + entry.length > this.frameBytes) this.flush();
    this.#plain.set(entry, this.#filled);
    this.#filled += entry.length;
    this.entries++;
    this.plainBytes += entry.length;
  }

  flush(): void {
    if (this.#filled === 0) return;
    this.storedBytes += compressFrame(
      this.#plain.subarray(0, this.#filled),
      this.level,
      this.#stored,
    ).bytes.length;
    this.#filled = 0;
    this.frames++;
  }
}
