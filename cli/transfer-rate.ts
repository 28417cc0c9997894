/** Bytes per second over the last few seconds, so that the time left follows what the disk does now. */

const WINDOW_MS = 8000;
const MIN_SPAN_MS = 500;

export class TransferRate {
  readonly #samples: { readonly timeMs: number; readonly bytes: number }[] = [];

  add(timeMs: number, bytes: number): void {
    const samples = this.#samples;
    if (samples.length > 0 && bytes < samples.at(-1)!.bytes) samples.length = 0;
    samples.push({ timeMs, bytes });
    while (samples.length > 2 && timeMs - samples[1]!.timeMs >= WINDOW_MS) samples.shift();
  }

  /** Undefined until there is enough to tell. */
  get bytesPerSecond(): number | undefined {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined) return undefined;
    const spanMs = last.timeMs - first.timeMs;
    return spanMs < MIN_SPAN_MS ? undefined : ((last.bytes - first.bytes) * 1000) / spanMs;
  }
}
