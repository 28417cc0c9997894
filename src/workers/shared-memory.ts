/**
 * A fixed number of equal pieces of shared memory. Whoever wants one waits until one is free: this is what keeps
 * memory flat however large an image is.
 */
export class SharedMemory {
  readonly #free: SharedArrayBuffer[] = [];
  readonly #waiting: ((memory: SharedArrayBuffer) => void)[] = [];
  #made = 0;

  constructor(
    private readonly pieceBytes: number,
    private readonly pieces: number,
  ) {}

  async acquire(): Promise<SharedArrayBuffer> {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#made < this.pieces) {
      this.#made++;
      return new SharedArrayBuffer(this.pieceBytes);
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  release(memory: SharedArrayBuffer): void {
    const next = this.#waiting.shift();
    if (next !== undefined) next(memory);
    else this.#free.push(memory);
  }
}
