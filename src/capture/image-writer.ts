/**
 * Scanned segments to packs: [1] chunks that are not known go into frames, [2] a recipe that is not known goes into a
 * meta frame, [3] each 256 rows become a page. Works in the order of the image, so frames hold neighbours.
 */
import {
  decodeRecipe,
  EntryKind,
  type Extent,
  encodeExtents,
  encodePage,
  extentsId,
  HASH_BYTES,
  PAGE_ROWS,
  pageId,
} from '../../store-format/index.js';
import { blake3 } from '../hashing/blake3.js';
import type { EntrySink } from './entry-sinks.js';

export interface CaptureCounts {
  zeroBytes: number;
  sharedBytes: number;
  newBytes: number;
  chunks: number;
  newChunks: number;
}

export class ImageWriter {
  readonly counts: CaptureCounts = { zeroBytes: 0, sharedBytes: 0, newBytes: 0, chunks: 0, newChunks: 0 };
  readonly pageIds: Uint8Array[] = [];
  readonly #recipeIds = Buffer.alloc(HASH_BYTES * PAGE_ROWS);
  readonly #digests = Buffer.alloc(HASH_BYTES * PAGE_ROWS);
  #rows = 0;

  constructor(private readonly sink: EntrySink) {}

  /** @param segment the plain bytes; not looked at where the recipe is a hole */
  async addSegment(
    recipeId: Buffer,
    digest: Uint8Array,
    recipeBytes: Buffer,
    segment: Uint8Array | undefined,
  ): Promise<void> {
    const { segmentLength, lengths, offsets, ids } = decodeRecipe(recipeBytes);
    const idBytes = Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength);
    let dataBytes = 0;
    for (let i = 0; i < lengths.length; i++) {
      dataBytes += lengths[i]!;
      await this.#addChunk(idBytes, i, segment!.subarray(offsets[i]!, offsets[i]! + lengths[i]!)); // [1]
    }
    this.counts.chunks += lengths.length;
    this.counts.zeroBytes += segmentLength - dataBytes;
    if (!(await this.sink.known.meet(recipeId, 0)))
      await this.sink.add(EntryKind.recipe, recipeId, recipeBytes); // [2]
    this.#recipeIds.set(recipeId, HASH_BYTES * this.#rows);
    this.#digests.set(digest, HASH_BYTES * this.#rows);
    if (++this.#rows === PAGE_ROWS) await this.#closePage(); // [3]
  }

  async #addChunk(ids: Buffer, i: number, bytes: Uint8Array): Promise<void> {
    if (await this.sink.known.meet(ids, HASH_BYTES * i)) {
      this.counts.sharedBytes += bytes.length;
      return;
    }
    this.counts.newBytes += bytes.length;
    this.counts.newChunks++;
    await this.sink.add(EntryKind.chunk, ids.subarray(HASH_BYTES * i, HASH_BYTES * (i + 1)), bytes);
  }

  async #closePage(): Promise<void> {
    if (this.#rows === 0) return;
    const page = encodePage({ rows: this.#rows, recipeIds: this.#recipeIds, segmentDigests: this.#digests });
    this.#rows = 0;
    this.pageIds.push(await this.#addEntry(EntryKind.page, pageId(page, blake3), page));
  }

  /** @returns the list's id, 32 bytes */
  addExtents(extents: readonly Extent[]): Promise<Uint8Array> {
    const bytes = encodeExtents(extents);
    return this.#addEntry(EntryKind.extents, extentsId(bytes, blake3), bytes);
  }

  async #addEntry(kind: EntryKind, id: Uint8Array, bytes: Buffer): Promise<Uint8Array> {
    const own = Buffer.from(id);
    if (!(await this.sink.known.meet(own, 0))) await this.sink.add(kind, own, bytes);
    return own;
  }

  async finishPages(): Promise<void> {
    await this.#closePage();
  }
}
