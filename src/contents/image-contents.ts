/** An image as its segments: pages to recipes, one after the other, each checked by its id. */
import {
  decodePage,
  decodeRecipe,
  EntryKind,
  FormatError,
  HASH_BYTES,
  type Manifest,
  PAGE_ROWS,
  type Page,
  type Recipe,
  SEGMENT_BYTES,
} from '../../store-format/index.js';
import { StoreError } from '../errors.js';
import type { EntryReader } from './entry-reader.js';

export interface Segment {
  readonly number: number;
  /** Byte offset in the image. */
  readonly offset: number;
  readonly length: number;
  readonly recipeId: Buffer;
  /** BLAKE3 of the plain bytes. */
  readonly digest: Uint8Array;
  readonly recipe: Recipe;
}

/** What a manifest's page says of a segment. */
export interface Row {
  readonly recipeId: Buffer;
  /** BLAKE3 of the plain bytes. */
  readonly digest: Uint8Array;
}

export class ImageContents {
  readonly size: number;
  readonly segmentCount: number;
  readonly #pageIds: readonly Uint8Array[];
  #page: { readonly number: number; readonly page: Page } | undefined;

  constructor(
    image: { readonly size: number; readonly pageIds: readonly Uint8Array[] },
    private readonly entries: EntryReader,
  ) {
    this.size = image.size;
    this.segmentCount = Math.ceil(image.size / SEGMENT_BYTES);
    this.#pageIds = image.pageIds;
  }

  static of(manifest: Manifest, entries: EntryReader): ImageContents {
    return new ImageContents({ size: manifest.header.size, pageIds: manifest.pageIds }, entries);
  }

  /** Length of a segment: all but the last are whole. */
  lengthOf(number: number): number {
    return Math.min(SEGMENT_BYTES, this.size - number * SEGMENT_BYTES);
  }

  /** Recipe id and segment digest, without the recipe. @throws object-missing, object-damaged */
  async row(number: number): Promise<Row> {
    return rowOf(this.#loaded(number) ?? (await this.#pageOf(number)), number);
  }

  /** A recipe's bytes, checked by its id. @throws object-missing, object-damaged */
  recipeBytes(recipeId: Buffer): Promise<Buffer> {
    return this.entries.read(EntryKind.recipe, recipeId);
  }

  /** Rows of segments that follow each other: fewer at the image's end. @throws object-missing, object-damaged */
  async rows(first: number, count: number): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for (let number = first; number < Math.min(first + count, this.segmentCount); number++) {
      const page = this.#loaded(number) ?? (await this.#pageOf(number));
      rows.push(rowOf(page, number));
    }
    return rows;
  }

  /** @throws object-missing, object-damaged */
  async segment(number: number): Promise<Segment> {
    const { recipeId, digest } = await this.row(number);
    const recipe = decoded(decodeRecipe, await this.recipeBytes(recipeId));
    const length = this.lengthOf(number);
    if (recipe.segmentLength !== length) {
      throw new StoreError(
        'object-damaged',
        `Segment ${number} has a recipe of ${recipe.segmentLength} bytes, expected ${length}`,
      );
    }
    return { number, offset: number * SEGMENT_BYTES, length, recipeId, digest, recipe };
  }

  #loaded(segment: number): Page | undefined {
    const number = Math.floor(segment / PAGE_ROWS);
    return this.#page?.number === number ? this.#page.page : undefined;
  }

  async #pageOf(segment: number): Promise<Page> {
    const number = Math.floor(segment / PAGE_ROWS);
    if (this.#page?.number !== number) {
      const page = decoded(
        decodePage,
        await this.entries.read(EntryKind.page, asBuffer(this.#pageIds[number]!)),
      );
      const rows = Math.min(PAGE_ROWS, this.segmentCount - number * PAGE_ROWS);
      if (page.rows !== rows) {
        throw new StoreError('object-damaged', `Page ${number} has ${page.rows} rows, expected ${rows}`);
      }
      this.#page = { number, page };
    }
    return this.#page.page;
  }
}

function rowOf(page: Page, segment: number): Row {
  const at = HASH_BYTES * (segment % PAGE_ROWS);
  return {
    recipeId: asBuffer(page.recipeIds.subarray(at, at + HASH_BYTES)),
    digest: page.segmentDigests.subarray(at, at + HASH_BYTES),
  };
}

/** Bytes that hash to their id and still make no sense were written by a bug or forged. */
function decoded<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array): T {
  try {
    return decode(bytes);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new StoreError('object-damaged', cause.message, { offset: cause.offset }, { cause });
  }
}

/** The same bytes with Buffer's methods. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
