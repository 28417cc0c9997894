/**
 * An image onto a disk that holds something already, and much of it perhaps right. Window by window: [1] compare, and
 * plan what differs; [2] know what the store cannot give before anything of the window is written; [3] clear what is
 * to be zero; [4] fetch the chunks that differ, of which workers write the blocks that differ. What is right is never
 * written, so it can be stopped at any moment and done again.
 */
import { appendExtent, type Extent, HASH_BYTES } from '../../store-format/index.js';
import { ChunkFetcher, targetFailed } from '../contents/chunk-fetcher.js';
import { asBuffer, type ImageContents } from '../contents/image-contents.js';
import { lostRange } from '../contents/resolve-segment.js';
import type { UpdateTarget } from '../disks/held-disk.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import type { PackCatalog } from '../packs/pack-catalog.js';
import { compareDisk, type SpanDifference } from './compare-disk.js';
import { differingBytes } from './differing-bytes.js';
import { WINDOW_PIECES, type WriteOutcome, type WriteSettings } from './write-disk.js';

/** Ranges that one job clears: each is a system call. */
const CLEAR_RANGES = 1024;

export interface UpdateOutcome extends WriteOutcome {
  /** Bytes that the disk did not hold: written, or cleared without being written. */
  readonly differentBytes: number;
}

export async function updateDisk(
  engine: Engine,
  catalog: PackCatalog,
  contents: ImageContents,
  target: UpdateTarget,
  settings: WriteSettings,
): Promise<UpdateOutcome> {
  const update = new DiskUpdate(engine, catalog, target, settings);
  try {
    for await (const span of compareDisk(engine.workers, contents, target, settings.signal)) {
      await settings.renew();
      await update.addSpan(span);
    }
    const outcome = await update.finish();
    await target.cut();
    return outcome;
  } catch (error) {
    // A file that was made or extended is no longer what it was either.
    if (!update.hasWritten && target.heldBytes === contents.size) throw error;
    throw halfDone(engine, target, error);
  }
}

class DiskUpdate {
  readonly #fetcher: ChunkFetcher;
  #zeros: Extent[] = [];
  #writtenBytes = 0;
  #differentBytes = 0;
  #seedBytes = 0;
  hasWritten = false;

  constructor(
    private readonly engine: Engine,
    catalog: PackCatalog,
    private readonly target: UpdateTarget,
    private readonly settings: WriteSettings,
  ) {
    this.#fetcher = new ChunkFetcher(engine, catalog, settings.seeds);
  }

  /** [1] What differs counts as half done once it is known, and as done once it is fetched. */
  async addSpan(span: SpanDifference): Promise<void> {
    for (const lost of span.lost) this.settings.onLost(lost);
    for (const { segment, chunks } of span.segments) {
      const { lengths, offsets } = segment.recipe;
      const ids = asBuffer(segment.recipe.ids);
      for (const i of chunks) {
        const slow = this.#fetcher.want(ids, HASH_BYTES * i, lengths[i]!, segment.offset + offsets[i]!);
        if (slow !== undefined) await slow;
      }
    }
    for (const { offset, length } of span.dirty) this.#addZeros(offset, length);
    for (const lost of this.#fetcher.takeMissing()) {
      this.settings.onLost(lostRange(lost, 0)); // [2]
      this.#addZeros(lost.target, lost.length);
    }
    const { chunkBytes, dirtyBytes } = differingBytes(span);
    this.settings.onBytes(span.length - Math.ceil(chunkBytes / 2) - dirtyBytes);
    if (this.#fetcher.plannedPieces + this.#zeros.length >= WINDOW_PIECES) await this.#write();
  }

  #addZeros(offset: number, length: number): void {
    appendExtent(this.#zeros, { offset, length });
    this.#differentBytes += length;
  }

  async #write(): Promise<void> {
    this.settings.signal?.throwIfAborted();
    if (this.#fetcher.plannedPieces + this.#zeros.length === 0) return;
    this.hasWritten = true;
    await this.#clear(); // [3]
    const { writtenBytes, seedBytes, lost } = await this.#fetcher.run({
      target: { kind: 'differences', fd: this.target.fd },
      targetName: this.target.path,
      signal: this.settings.signal,
      renew: this.settings.renew,
      onBytes: (bytes) => this.settings.onBytes(Math.floor(bytes / 2)),
    }); // [4]
    this.#writtenBytes += writtenBytes;
    this.#differentBytes += writtenBytes;
    this.#seedBytes += seedBytes;
    for (const one of lost) {
      this.settings.onLost(lostRange(one, 0));
      this.#addZeros(one.target, one.length);
    }
    await this.#clear();
  }

  async #clear(): Promise<void> {
    const zeros = this.#zeros;
    this.#zeros = [];
    const jobs: Promise<void>[] = [];
    for (let first = 0; first < zeros.length; first += CLEAR_RANGES) {
      jobs.push(this.#clearRanges(zeros.slice(first, first + CLEAR_RANGES)));
    }
    for (const result of await Promise.allSettled(jobs)) {
      if (result.status === 'rejected') throw result.reason;
    }
    this.settings.onBytes(zeros.reduce((sum, { length }) => sum + length, 0));
  }

  async #clearRanges(extents: readonly Extent[]): Promise<void> {
    const ranges = Float64Array.from(extents.flatMap(({ offset, length }) => [offset, length]));
    const result = await this.engine.workers.clear({ fd: this.target.fd, ranges });
    if (result.failure !== undefined) throw targetFailed(result.failure, this.target.path);
    this.#writtenBytes += result.writtenBytes;
  }

  async finish(): Promise<UpdateOutcome> {
    await this.#write();
    return {
      writtenBytes: this.#writtenBytes,
      seedBytes: this.#seedBytes,
      differentBytes: this.#differentBytes,
    };
  }
}

/** The reason of a signal is thrown as it is, so what there is to say is said beside it. */
function halfDone(engine: Engine, { path }: UpdateTarget, error: unknown): unknown {
  const message = `${path} is part old and part new now; restoring in place once more completes it`;
  if (error instanceof StoreError) {
    return new StoreError(error.code, `${error.message}; ${message}`, error.details, { cause: error });
  }
  engine.warn({ code: 'target-incomplete', message });
  return error;
}
