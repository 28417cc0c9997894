import type { Environment } from './environment.js';
import type { OperationOptions, Progress } from './interface.js';

const INTERVAL_MS = 200;

/** Passes progress on a few times per second, however often it is told. */
export class ProgressReport {
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly environment: Pick<Environment, 'monotonic'>,
    private readonly options: OperationOptions,
  ) {}

  tell(progress: () => Progress): void {
    if (this.options.onProgress === undefined) return;
    const nowMs = this.environment.monotonic();
    if (nowMs - this.#lastMs < INTERVAL_MS) return;
    this.#lastMs = nowMs;
    this.options.onProgress(progress());
  }

  /** The last word, whenever the one before was. */
  finish(progress: Progress): void {
    this.options.onProgress?.(progress);
  }
}
