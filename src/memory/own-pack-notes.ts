/**
 * Takes down which packs a capture writes, now and then while it writes, and at its end: whoever is stopped finds whole packs
 * again the next time.
 */
import type { PackId } from '../../store-format/index.js';
import type { Environment } from '../environment.js';
import type { OwnWork } from './own-work.js';

const NOTE_AFTER_MS = 5000;

export class OwnPackNotes {
  #news: PackId[] = [];
  #sinceMs: number;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly work: OwnWork,
    private readonly environment: Pick<Environment, 'monotonic'>,
    /** Whether a pack is still in the store. */
    private readonly isThere: (pack: PackId) => boolean,
  ) {
    this.#sinceMs = environment.monotonic();
  }

  async add(pack: PackId): Promise<void> {
    this.#news.push(pack);
    if (this.environment.monotonic() - this.#sinceMs >= NOTE_AFTER_MS) await this.write();
  }

  /** One after the other: each adds to what the one before has written. */
  write(): Promise<void> {
    const news = this.#news;
    this.#news = [];
    this.#sinceMs = this.environment.monotonic();
    this.#writing = this.#writing.then(() => this.work.addPacks(news, this.isThere));
    return this.#writing;
  }
}
