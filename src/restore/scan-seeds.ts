/**
 * Seeds: local files and devices that may hold what the image needs. Each is read once, cut and hashed as a capture
 * does, and the places of chunks that the image needs are kept. Nothing found here is trusted: a seed that changes, or
 * cannot be read to its end, only gives less.
 */
import { decodeRecipe, HASH_BYTES } from '../../store-format/index.js';
import { asBuffer, type ImageContents } from '../contents/image-contents.js';
import { MAX_SEEDS, SeedIndex } from '../contents/seed-index.js';
import { type DiskSource, openDiskSource } from '../disks/disk-source.js';
import { SPAN_BYTES, type Span, spansOf } from '../disks/spans.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import type { ScanResult } from '../workers/jobs.js';
import { SharedMemory } from '../workers/shared-memory.js';

export interface SeedSettings {
  readonly signal: AbortSignal | undefined;
  /** Called in every loop that may take long. */
  readonly renew: () => Promise<void>;
  /** Bytes of seeds that are done, of so many in all. */
  readonly onBytes: (bytes: number, totalBytes: number) => void;
}

/** @throws source-missing, source-unreadable when a seed cannot be opened */
export async function scanSeeds(
  engine: Engine,
  paths: readonly string[],
  contents: ImageContents,
  settings: SeedSettings,
): Promise<SeedIndex> {
  if (paths.length > MAX_SEEDS) {
    throw new StoreError(
      'source-unreadable',
      `${paths.length} seeds are too many: give at most ${MAX_SEEDS}`,
    );
  }
  const sources: DiskSource[] = [];
  try {
    // That a seed is mounted does no harm: what is taken from it is checked.
    for (const path of paths) sources.push(await openDiskSource(path, () => undefined));
    const index = new SeedIndex();
    await index.wanted.addImage(contents, settings);
    const totalBytes = sources.reduce((sum, { size = 0 }) => sum + size, 0);
    const scan = new SeedScan(engine, index, settings, totalBytes);
    for (const source of sources) await scan.add(source);
    return index;
  } finally {
    for (const source of sources) await source.close();
  }
}

interface PendingSpan {
  readonly span: Span;
  readonly result: Promise<ScanResult> | undefined;
}

class SeedScan {
  readonly #memory: SharedMemory;
  readonly #ahead: number;
  #full = false;

  constructor(
    private readonly engine: Engine,
    private readonly index: SeedIndex,
    private readonly settings: SeedSettings,
    private readonly totalBytes: number,
  ) {
    this.#ahead = 2 * engine.workers.parallelism;
    this.#memory = new SharedMemory(SPAN_BYTES, this.#ahead + 2);
  }

  async add(source: DiskSource): Promise<void> {
    const file = this.index.addFile(source.path);
    const pending: PendingSpan[] = [];
    const takeFirst = async () => {
      const { span, result } = pending[0]!;
      const goesOn = result === undefined || this.#take(source, file, span, await result);
      pending.shift();
      if (span.bytes !== undefined) this.#memory.release(span.bytes.memory);
      this.settings.onBytes(span.length, this.totalBytes);
      return goesOn;
    };
    try {
      let goesOn = true;
      for await (const span of spansOf(source, this.#memory, 'zero')) {
        pending.push({ span, result: this.#start(span) });
        this.settings.signal?.throwIfAborted();
        await this.settings.renew();
        while (pending.length > this.#ahead && goesOn) goesOn = await takeFirst();
        if (!goesOn) break;
      }
      while (pending.length > 0 && goesOn) goesOn = await takeFirst();
    } finally {
      await Promise.allSettled(pending.map(({ result }) => result));
      for (const { span } of pending) if (span.bytes !== undefined) this.#memory.release(span.bytes.memory);
    }
  }

  #start({ bytes }: Span): Promise<ScanResult> | undefined {
    if (bytes === undefined) return undefined; // a hole holds no chunk
    const { chunker } = this.engine;
    const result = this.engine.workers.scan({ ...bytes, chunker });
    result.catch(() => undefined); // thrown when its turn comes
    return result;
  }

  /** @returns false when nothing more can come of this seed */
  #take(source: DiskSource, file: number, span: Span, result: ScanResult): boolean {
    if (result.failure !== undefined) {
      const { offset, message } = result.failure;
      this.#warn(`Seed ${source.path} cannot be read past byte ${offset}: ${message}`);
      return false;
    }
    let segmentOffset = span.offset;
    for (const { length, recipe } of segmentsOf(result)) {
      if (recipe !== undefined && !this.#addChunks(recipe, file, segmentOffset)) {
        if (!this.#full) this.#warn('Seeds hold more of the image than can be kept in mind');
        this.#full = true;
        return false;
      }
      segmentOffset += length;
    }
    return true;
  }

  #addChunks(bytes: Uint8Array, file: number, base: number): boolean {
    const { ids, offsets } = decodeRecipe(bytes);
    const idBytes = asBuffer(ids);
    for (const [i, offset] of offsets.entries()) {
      if (!this.index.add(idBytes, HASH_BYTES * i, file, base + offset)) return false;
    }
    return true;
  }

  #warn(what: string): void {
    this.engine.warn({ code: 'seed-incomplete', message: `${what}; the rest comes from the store` });
  }
}

/** The segments of a scan; those that are zero all through without a recipe. */
function* segmentsOf({
  segments,
  bytes,
}: ScanResult): Generator<{ length: number; recipe: Uint8Array | undefined }> {
  let at = 0;
  for (let i = 0; i < segments.length; i += 3) {
    const start = at + 2 * HASH_BYTES; // after recipe id and digest
    at = start + segments[i + 1]!;
    yield { length: segments[i]!, recipe: segments[i + 2] === 1 ? undefined : bytes.subarray(start, at) };
  }
}
