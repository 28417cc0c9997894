import type { ChunkFetcher, FetchOutcome, FetchSettings } from './chunk-fetcher.js';

/** 2 GiB of chunks of 16 KiB, about 20 MB of plan. A frame that two windows need is decompressed twice. */
const LARGEST_WINDOW = 131_072;
/** For plans in which each chunk comes once, so that few frames are needed twice: workers soon have work. */
export const SMALL_FIRST_WINDOW = 16_384;

/** Fetches one window of pieces while the next one is planned. */
export class OverlappedFetch {
  #window: number;
  #running: Promise<FetchOutcome> | undefined;

  constructor(
    private readonly fetcher: ChunkFetcher,
    private readonly settings: FetchSettings,
    firstWindow: number = LARGEST_WINDOW,
  ) {
    this.#window = firstWindow;
  }

  /** Whether so much is planned that `start` should be called. */
  get isFull(): boolean {
    return this.fetcher.plannedPieces >= this.#window;
  }

  /** Starts on what is planned. @returns what came of the window before */
  async start(): Promise<FetchOutcome | undefined> {
    const before = await this.#running;
    this.#running = this.fetcher.run(this.settings);
    this.#running.catch(() => undefined); // thrown when it is waited for
    this.#window = Math.min(4 * this.#window, LARGEST_WINDOW);
    return before;
  }

  /** Fetches all that is left. @returns what came of the last two windows */
  async finish(): Promise<readonly FetchOutcome[]> {
    const before = await this.start();
    const last = await this.#running!;
    return before === undefined ? [last] : [before, last];
  }

  /** Nothing is being fetched once this has returned: for whoever gives up. */
  async settle(): Promise<void> {
    await this.#running?.catch(() => undefined);
  }
}
