/**
 * An image onto a disk: planned in windows, so that each frame is decompressed once per window and memory stays flat
 * however large the image is; workers check every chunk and write it where it belongs.
 */
import { HASH_BYTES, SEGMENT_BYTES } from '../../store-format/index.js';
import { ChunkFetcher, type FetchOutcome, targetFailed } from '../contents/chunk-fetcher.js';
import { asBuffer, type ImageContents } from '../contents/image-contents.js';
import { OverlappedFetch } from '../contents/overlapped-fetch.js';
import { isLost, type LostRange, lostRange, resolveSegment } from '../contents/resolve-segment.js';
import type { SeedIndex } from '../contents/seed-index.js';
import type { DiskTarget } from '../disks/disk-target.js';
import type { Engine } from '../engine/engine.js';
import type { PackCatalog } from '../packs/pack-catalog.js';

/** Pieces per window: 4 GiB of chunks of 16 KiB, about 40 MB of plan. */
export const WINDOW_PIECES = 262_144;
/** Longest range that one job clears. */
const CLEAR_BYTES = 64 * SEGMENT_BYTES;

export interface WriteSettings {
  readonly signal?: AbortSignal | undefined;
  /** Asked for chunks before the store is. */
  readonly seeds?: SeedIndex | undefined;
  /** Bytes of the image that are done. */
  readonly onBytes: (bytes: number) => void;
  /** Called for each range that the store cannot give; throws to stop. */
  readonly onLost: (lost: LostRange) => void;
  /** Called in every loop that may take long. */
  readonly renew: () => Promise<void>;
}

export interface WriteOutcome {
  readonly writtenBytes: number;
  /** Bytes that came from seeds. */
  readonly seedBytes: number;
}

export async function writeDisk(
  engine: Engine,
  catalog: PackCatalog,
  contents: ImageContents,
  target: DiskTarget,
  settings: WriteSettings,
): Promise<WriteOutcome> {
  const writer = new DiskWriter(engine, catalog, target, settings);
  try {
    for (let number = 0; number < contents.segmentCount; number++) {
      settings.signal?.throwIfAborted();
      await settings.renew();
      await writer.addSegment(contents, number);
    }
    return await writer.finish();
  } finally {
    await writer.settle();
  }
}

class DiskWriter {
  readonly #fetcher: ChunkFetcher;
  readonly #fetch: OverlappedFetch;
  #writtenBytes = 0;
  #seedBytes = 0;
  /** The range of zeros being gathered, for targets that must be cleared. */
  #zeros = { offset: 0, length: 0 };

  constructor(
    private readonly engine: Engine,
    catalog: PackCatalog,
    private readonly target: DiskTarget,
    private readonly settings: WriteSettings,
  ) {
    this.#fetcher = new ChunkFetcher(engine, catalog, settings.seeds);
    this.#fetch = new OverlappedFetch(this.#fetcher, {
      target: { kind: 'file', fd: target.fd },
      targetName: target.path,
      signal: settings.signal,
      renew: settings.renew,
      onBytes: settings.onBytes,
    });
  }

  async addSegment(contents: ImageContents, number: number): Promise<void> {
    const segment = await resolveSegment(contents, number);
    if (isLost(segment)) {
      this.settings.onLost(segment);
      await this.#addZeros(segment.offset, segment.length);
      return;
    }
    const { holes, offsets, lengths } = segment.recipe;
    const ids = asBuffer(segment.recipe.ids);
    for (let i = 0; i < lengths.length; i++) {
      const slow = this.#fetcher.want(ids, HASH_BYTES * i, lengths[i]!, segment.offset + offsets[i]!);
      if (slow !== undefined) await slow;
    }
    for (let h = 0; h < holes.length; h += 2) await this.#addZeros(segment.offset + holes[h]!, holes[h + 1]!);
    if (this.#fetch.isFull) await this.#take(await this.#fetch.start());
  }

  async #addZeros(offset: number, length: number): Promise<void> {
    this.settings.onBytes(length);
    if (this.target.isZero) return;
    const { offset: start, length: gathered } = this.#zeros;
    if (start + gathered === offset && gathered + length <= CLEAR_BYTES) {
      this.#zeros = { offset: start, length: gathered + length };
      return;
    }
    await this.#clear();
    this.#zeros = { offset, length };
  }

  async #clear(): Promise<void> {
    const { offset, length } = this.#zeros;
    if (length === 0) return;
    this.#zeros = { offset: 0, length: 0 };
    const result = await this.engine.workers.clear({
      fd: this.target.fd,
      ranges: Float64Array.of(offset, length),
    });
    if (result.failure !== undefined) throw targetFailed(result.failure, this.target.path);
    this.#writtenBytes += result.writtenBytes;
  }

  async #take(outcome: FetchOutcome | undefined): Promise<void> {
    if (outcome === undefined) return;
    this.#writtenBytes += outcome.writtenBytes;
    this.#seedBytes += outcome.seedBytes;
    for (const one of outcome.lost) {
      this.settings.onLost(lostRange(one, 0));
      await this.#addZeros(one.target, one.length);
    }
  }

  async finish(): Promise<WriteOutcome> {
    for (const outcome of await this.#fetch.finish()) await this.#take(outcome);
    await this.#clear();
    return { writtenBytes: this.#writtenBytes, seedBytes: this.#seedBytes };
  }

  /** Nothing is written once this has returned. */
  settle(): Promise<void> {
    return this.#fetch.settle();
  }
}
