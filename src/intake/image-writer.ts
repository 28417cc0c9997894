/**
 * Scanned segments to packs: [1] chunks that are not known go into frames, [2] a recipe that is not known goes into a
 * meta frame, [3] each 256 rows become a page. Works in the order of the image, so frames hold neighbours.
 */

import {
  type Blake3,
  decodeRecipe,
  EntryKind,
  type Extent,
  encodeExtents,
  encodePage,
  extentsId,
  HASH_BYTES,
  PAGE_ROWS,
  type PackId,
  pageId,
  type Recipe,
  type SketchSample,
} from '../../store-format/index.js';
import type { OwnImageWriter, SegmentFacts } from '../memory/own-image.js';
import { NewChunks } from '../packs/new-chunks.js';
import { CHUNK_HOMES, ENTRY_HOMES } from '../packs/sought.js';
import type { EntrySink } from './entry-sinks.js';
import type { Parent } from './parent.js';
import type { FoundSegment, ScannedSegment, ScannedSpan, SettledSegment } from './scanned-segment.js';
import { Sketch } from './sketch.js';

export interface CaptureCounts {
  readonly zeroBytes: number;
  readonly sharedBytes: number;
  readonly newBytes: number;
  readonly chunks: number;
  readonly newChunks: number;
}

export class ImageWriter {
  readonly pageIds: Uint8Array[] = [];
  readonly #counts = { zeroBytes: 0, sharedBytes: 0, newBytes: 0, chunks: 0, newChunks: 0 };
  /** Bytes that equal the parent's, and of which nothing else is known; and what the parent has where they do not. */
  #settledBytes = 0;
  #hasSettled = false;
  readonly #replaced = { zeroBytes: 0, chunks: 0 };
  readonly #sketch = new Sketch();
  readonly #recipeIds = Buffer.alloc(HASH_BYTES * PAGE_ROWS);
  readonly #digests = Buffer.alloc(HASH_BYTES * PAGE_ROWS);
  #rows = 0;
  #segments = 0;

  #packsOfParent: ReadonlySet<PackId> | undefined;

  constructor(
    private readonly sink: EntrySink,
    private readonly entryHash: Blake3,
    /** Takes down the rows, for whoever cannot read them back. */
    private readonly copy?: OwnImageWriter,
  ) {}

  /** Packs that hold what was settled; known once this has finished. */
  get packsOfParent(): Iterable<PackId> {
    return this.#packsOfParent ?? [];
  }

  /** @returns when the span's memory may be used again */
  async addSpan({ segments, memory }: ScannedSpan): Promise<{ readonly released: Promise<void> }> {
    const fresh = new NewChunks();
    for (const segment of segments) {
      const holds =
        segment.kind === 'found' ? await this.#addFound(segment, fresh) : this.#addSettled(segment);
      await this.#addRow(segment, holds);
    }
    if (memory === undefined || fresh.bytes === 0) return { released: Promise.resolve() };
    return this.sink.addChunks(memory, fresh);
  }

  #addSettled({ holds, length }: SettledSegment): SegmentFacts | undefined {
    this.#hasSettled = true;
    if (holds === undefined) this.#settledBytes += length;
    else {
      this.#counts.zeroBytes += holds.zeroBytes;
      this.#counts.sharedBytes += length - holds.zeroBytes;
      this.#counts.chunks += holds.chunks;
    }
    return holds;
  }

  async #addFound(
    { recipeId, recipe: bytes, offset, replaces }: FoundSegment,
    fresh: NewChunks,
  ): Promise<SegmentFacts> {
    const recipe = decodeRecipe(bytes);
    const { segmentLength, lengths, offsets } = recipe;
    const ids = Buffer.from(recipe.ids.buffer, recipe.ids.byteOffset, recipe.ids.byteLength);
    const { known } = this.sink;
    let dataBytes = 0;
    let newBytes = 0;
    for (let i = 0; i < lengths.length; i++) {
      const length = lengths[i]!;
      const at = HASH_BYTES * i;
      dataBytes += length;
      if (known.meetNow(ids, at, CHUNK_HOMES) ?? (await known.meet(ids, at, CHUNK_HOMES))) continue;
      newBytes += length;
      this.#counts.newChunks++;
      fresh.add(offset + offsets[i]!, length, ids.subarray(at, at + HASH_BYTES)); // [1]
    }
    this.#counts.newBytes += newBytes;
    this.#counts.sharedBytes += dataBytes - newBytes;
    this.#counts.zeroBytes += segmentLength - dataBytes;
    this.#counts.chunks += lengths.length;
    if (replaces !== undefined) this.#noteReplaced(decodeRecipe(replaces));
    if (!(known.meetNow(recipeId, 0, ENTRY_HOMES) ?? (await known.meet(recipeId, 0, ENTRY_HOMES)))) {
      await this.sink.add(EntryKind.recipe, recipeId, bytes); // [2]
    }
    return { zeroBytes: segmentLength - dataBytes, chunks: lengths.length };
  }

  #noteReplaced({ lengths, segmentLength }: Recipe): void {
    this.#replaced.chunks += lengths.length;
    this.#replaced.zeroBytes += segmentLength - lengths.reduce((sum, length) => sum + length, 0);
  }

  async #addRow(segment: ScannedSegment, holds: SegmentFacts | undefined): Promise<void> {
    this.#sketch.add(segment);
    if (this.copy !== undefined && holds !== undefined) await this.copy.add({ ...segment, holds });
    this.#segments++;
    this.#recipeIds.set(segment.recipeId, HASH_BYTES * this.#rows);
    this.#digests.set(segment.digest, HASH_BYTES * this.#rows);
    if (++this.#rows === PAGE_ROWS) await this.#closePage(); // [3]
  }

  /** So far; of what equals the parent's, all counts as shared until `finish`. */
  get counts(): CaptureCounts {
    return { ...this.#counts, sharedBytes: this.#counts.sharedBytes + this.#settledBytes };
  }

  async #closePage(): Promise<void> {
    if (this.#rows === 0) return;
    const page = encodePage({ rows: this.#rows, recipeIds: this.#recipeIds, segmentDigests: this.#digests });
    this.#rows = 0;
    this.pageIds.push(await this.#addEntry(EntryKind.page, pageId(page, this.entryHash), page));
  }

  /** @returns the list's id, 32 bytes */
  addExtents(extents: readonly Extent[]): Promise<Uint8Array> {
    const bytes = encodeExtents(extents);
    return this.#addEntry(EntryKind.extents, extentsId(bytes, this.entryHash), bytes);
  }

  async #addEntry(kind: EntryKind, id: Uint8Array, bytes: Buffer): Promise<Uint8Array> {
    const own = Buffer.from(id);
    if (!(await this.sink.known.meet(own, 0, ENTRY_HOMES))) await this.sink.add(kind, own, bytes);
    return own;
  }

  /**
   * The last page; and what settled segments hold, which nobody has looked at: what the parent holds, less what it
   * holds elsewhere.
   */
  async finish(parent: Parent | undefined): Promise<readonly SketchSample[]> {
    await this.#closePage();
    if (this.#hasSettled) this.#packsOfParent = parent?.packs;
    const stats = parent?.header.stats;
    if (parent !== undefined && stats !== undefined && this.#settledBytes > 0) {
      for (let number = this.#segments; number < parent.segmentCount; number++) {
        const row = await parent.row(number);
        const recipe = row && (await parent.recipeBytes(row.recipeId));
        if (recipe !== undefined) this.#noteReplaced(decodeRecipe(recipe));
      }
      const zeroBytes = Math.max(0, stats.zeroBytes - this.#replaced.zeroBytes);
      this.#counts.zeroBytes += zeroBytes;
      this.#counts.sharedBytes -= zeroBytes;
      this.#counts.chunks += Math.max(0, stats.chunks - this.#replaced.chunks);
    }
    return this.#sketch.finish(parent);
  }
}
