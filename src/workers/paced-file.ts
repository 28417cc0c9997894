/** A pack's bytes as a checker reads them: no faster than it may, and not at all any more once it was told to stop. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Thrown out of a read when the job was told to stop. */
export class Stopped extends Error {}

export interface Pace {
  readonly bytesPerSecond?: number | undefined;
  /** One 32-bit word that is not 0 once the job is to stop. */
  readonly stop: SharedArrayBuffer;
}

export class PacedFile {
  readonly size: number;
  readonly #fd: number | undefined;
  readonly #bytes: Uint8Array | undefined;
  readonly #stop: Int32Array;
  readonly #bytesPerSecond: number | undefined;
  /** When the next read may begin, by the monotonic clock. */
  #dueMs = performance.now();

  /** @param source path of the file, or its bytes. @throws what opening throws */
  constructor(source: string | Uint8Array, { bytesPerSecond, stop }: Pace) {
    this.#stop = new Int32Array(stop);
    this.#bytesPerSecond = bytesPerSecond;
    if (typeof source === 'string') {
      this.#fd = openSync(source, 'r');
      this.size = fstatSync(this.#fd).size;
    } else {
      this.#bytes = source;
      this.size = source.length;
    }
  }

  /**
   * Fills `out` from a byte offset on. @returns how many bytes there were
   * @throws Stopped, or what reading throws
   */
  read(offset: number, out: Uint8Array): number {
    this.#wait(out.length);
    if (this.#fd === undefined) {
      const bytes = this.#bytes!.subarray(offset, offset + out.length);
      out.set(bytes);
      return bytes.length;
    }
    let done = 0;
    while (done < out.length) {
      const count = readSync(this.#fd, out, done, out.length - done, offset + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  #wait(bytes: number): void {
    if (Atomics.load(this.#stop, 0) !== 0) throw new Stopped();
    if (this.#bytesPerSecond === undefined) return;
    const nowMs = performance.now();
    if (this.#dueMs > nowMs) Atomics.wait(this.#stop, 0, 0, this.#dueMs - nowMs);
    if (Atomics.load(this.#stop, 0) !== 0) throw new Stopped();
    this.#dueMs = Math.max(this.#dueMs, nowMs) + (1000 * bytes) / this.#bytesPerSecond;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
  }
}
