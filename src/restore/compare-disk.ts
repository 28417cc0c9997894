/**
 * What of an image a disk does not hold yet, span by span, in order:
 * [1] a worker reads the span (not where the file system knows a hole) and settles whole segments by the digests of
 * the image's pages; [2] for those that differ the recipes are fetched; [3] a worker settles chunks and holes from the
 * bytes still in memory, so nothing is read twice. Nothing is written here.
 */
import { type Extent, HASH_BYTES, SEGMENT_BYTES } from '../../store-format/index.js';
import type { ImageContents, Segment } from '../contents/image-contents.js';
import { isLost, type LostRange, resolveRow, resolveSegment } from '../contents/resolve-segment.js';
import type { HeldDisk } from '../disks/held-disk.js';
import { type ExtentFinder, extentFinder, SPAN_BYTES } from '../disks/spans.js';
import { StoreError } from '../errors.js';
import { zeroDigest } from '../hashing/zero-digest.js';
import type { CompareResult, IoFailure, Workers } from '../workers/jobs.js';
import { SharedMemory } from '../workers/shared-memory.js';

export interface SpanDifference {
  readonly length: number;
  /** Segments of which something differs. */
  readonly segments: readonly SegmentDifference[];
  /** Segments that the store cannot give and the disk does not hold: they are to read as zeros. */
  readonly lost: readonly LostRange[];
  /** Runs of blocks that are to read as zeros and do not. */
  readonly dirty: readonly Extent[];
}

export interface SegmentDifference {
  readonly segment: Segment;
  /** Numbers of its chunks that the disk does not hold. */
  readonly chunks: readonly number[];
}

/** Nothing is read once this has ended, however it ends. */
export async function* compareDisk(
  workers: Workers,
  contents: ImageContents,
  disk: HeldDisk,
  signal: AbortSignal | undefined,
): AsyncGenerator<SpanDifference> {
  const ahead = 2 * workers.parallelism;
  const comparison = new DiskComparison(workers, contents, disk, new SharedMemory(SPAN_BYTES, ahead));
  const pending: Promise<SpanDifference>[] = [];
  try {
    for (let offset = 0; offset < contents.size; offset += SPAN_BYTES) {
      signal?.throwIfAborted();
      const difference = comparison.compare(offset);
      difference.catch(() => undefined); // thrown when its turn comes
      pending.push(difference);
      if (pending.length > ahead) yield await pending.shift()!;
    }
    while (pending.length > 0) yield await pending.shift()!;
  } finally {
    await Promise.allSettled(pending);
  }
}

class DiskComparison {
  readonly #extentsIn: ExtentFinder;

  constructor(
    private readonly workers: Workers,
    private readonly contents: ImageContents,
    private readonly disk: HeldDisk,
    private readonly memory: SharedMemory,
  ) {
    const { fd, kind } = disk;
    this.#extentsIn = fd !== undefined && kind === 'file' ? extentFinder(fd) : () => undefined;
  }

  async compare(offset: number): Promise<SpanDifference> {
    const length = Math.min(SPAN_BYTES, this.contents.size - offset);
    const { fd, heldBytes } = this.disk;
    const held = Math.min(length, heldBytes - offset);
    if (fd === undefined || held <= 0) return this.#compareHole(offset, length);
    const extents = this.#extentsIn(offset, offset + held);
    if (extents?.length === 0) return this.#compareHole(offset, length);
    const memory = await this.memory.acquire();
    try {
      const digests = await this.#digestsOf(offset, length);
      const file = { fd, offset, onReadError: 'zero', sectorSize: 512, ...(extents && { extents }) } as const;
      const result = await this.workers.compare({ memory, length, heldBytes: held, file, digests }); // [1]
      if (result.failure !== undefined) throw unreadable(this.disk, result.failure);
      const { segments, lost } = await this.#resolve(offset, result.same); // [2]
      if (segments.length + lost.length === 0) return { length, segments: [], lost, dirty: [] };
      return { length, lost, ...(await this.#compareChunks(offset, memory, segments, lost, result)) }; // [3]
    } finally {
      this.memory.release(memory);
    }
  }

  /** Where all is zero nothing need be looked at. */
  async #compareHole(offset: number, length: number): Promise<SpanDifference> {
    const digests = await this.#digestsOf(offset, length);
    const same = new Uint8Array(digests.length / HASH_BYTES);
    for (let i = 0; i < same.length; i++) {
      const zero = zeroDigest(Math.min(SEGMENT_BYTES, length - i * SEGMENT_BYTES));
      same[i] = Buffer.compare(zero, digests.subarray(HASH_BYTES * i, HASH_BYTES * (i + 1))) === 0 ? 1 : 0;
    }
    const { segments, lost } = await this.#resolve(offset, same);
    const differences = segments.map((segment) => ({ segment, chunks: [...segment.recipe.lengths.keys()] }));
    return { length, segments: differences, lost, dirty: [] };
  }

  /** Where a page is lost stand zeros, the digest of nothing. */
  async #digestsOf(offset: number, length: number): Promise<Uint8Array> {
    const count = Math.ceil(length / SEGMENT_BYTES);
    const digests = new Uint8Array(HASH_BYTES * count);
    for (let i = 0; i < count; i++) {
      const row = await resolveRow(this.contents, offset / SEGMENT_BYTES + i);
      if (!isLost(row)) digests.set(row.digest, HASH_BYTES * i);
    }
    return digests;
  }

  async #resolve(offset: number, same: Uint8Array): Promise<{ segments: Segment[]; lost: LostRange[] }> {
    const segments: Segment[] = [];
    const lost: LostRange[] = [];
    for (const [i, isSame] of same.entries()) {
      if (isSame === 1) continue;
      const segment = await resolveSegment(this.contents, offset / SEGMENT_BYTES + i);
      if (isLost(segment)) lost.push(segment);
      else segments.push(segment);
    }
    return { segments, lost };
  }

  async #compareChunks(
    base: number,
    memory: SharedArrayBuffer,
    segments: readonly Segment[],
    lost: readonly LostRange[],
    { badRanges }: CompareResult,
  ): Promise<Pick<SpanDifference, 'segments' | 'dirty'>> {
    const chunks: number[] = [];
    const holes: number[] = [];
    for (const { offset, recipe } of segments) {
      const start = offset - base;
      for (const [i, length] of recipe.lengths.entries()) chunks.push(start + recipe.offsets[i]!, length);
      for (let h = 0; h < recipe.holes.length; h += 2)
        holes.push(start + recipe.holes[h]!, recipe.holes[h + 1]!);
    }
    for (const { offset, length } of lost) holes.push(offset - base, length);
    const { same, dirty } = await this.workers.compareChunks({
      memory,
      badRanges,
      chunks: Uint32Array.from(chunks),
      ids: Buffer.concat(segments.map(({ recipe }) => recipe.ids)),
      holes: Uint32Array.from(holes),
    });
    let first = 0;
    const differences = segments.map((segment) => {
      const numbers = [...segment.recipe.lengths.keys()].filter((i) => same[first + i] === 0);
      first += segment.recipe.lengths.length;
      return { segment, chunks: numbers };
    });
    const extents: Extent[] = [];
    for (let d = 0; d < dirty.length; d += 2)
      extents.push({ offset: base + dirty[d]!, length: dirty[d + 1]! });
    return { segments: differences, dirty: extents };
  }
}

function unreadable(disk: HeldDisk, { errno, message, offset }: IoFailure): StoreError {
  const what =
    errno === 'EOF'
      ? `${disk.path} ended at byte ${offset}: it became shorter while it was compared`
      : `Cannot read ${disk.path} at byte ${offset}: ${message}`;
  return new StoreError('target-unwritable', what, { path: disk.path, offset, errno });
}
