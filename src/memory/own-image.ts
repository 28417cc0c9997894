/**
 * What a machine that may only write keeps of the image of a name that it stored last: enough to settle what has not changed
 * by its digest, and to say where the next one stands. It cannot read its image's manifest, pages or recipes back.
 *
 *   head of the file | pages of 256 segments, each sealed | description, sealed | its sealed length u32
 *
 * A page has for each segment recipe id, digest, bytes in holes (u32) and number of chunks (u32), column by column: 72 bytes for
 * each MiB of disk. Pages are written while the disk is read, and read one at a time, so that memory stays flat.
 */
import * as v from 'valibot';
import {
  CountSchema,
  DiskLayoutSchema,
  decodePayload,
  encodePayload,
  Hex8Schema,
  Hex16Schema,
  Hex32Schema,
  NameSchema,
  PAGE_ROWS,
  SketchSampleSchema,
  TAG_BYTES,
} from '../../store-format/index.js';
import { HEAD_BYTES, type NewOwnFile, type OwnFile } from './own-files.js';

const DescriptionSchema = v.object({
  pubId: Hex16Schema,
  imageId: Hex16Schema,
  name: NameSchema,
  sequence: CountSchema,
  size: CountSchema,
  digest: Hex32Schema,
  chunker: Hex8Schema,
  layout: DiskLayoutSchema,
  badBytes: CountSchema,
  sketch: v.array(SketchSampleSchema),
  /** Packs that together hold all of it. */
  packs: v.array(Hex32Schema),
});
export type OwnImageDescription = Readonly<v.InferOutput<typeof DescriptionSchema>>;

/** What a segment holds, so that it need not be looked at to be counted. */
export interface SegmentFacts {
  readonly zeroBytes: number;
  readonly chunks: number;
}

/** What is known of a segment of one's own image. */
export interface OwnRow {
  readonly recipeId: Buffer;
  readonly digest: Uint8Array;
  readonly holds: SegmentFacts;
}

const ID_BYTES = 32;
const DIGESTS_AT = ID_BYTES * PAGE_ROWS;
const ZEROS_AT = 2 * DIGESTS_AT;
const CHUNKS_AT = ZEROS_AT + 4 * PAGE_ROWS;
const PAGE_BYTES = CHUNKS_AT + 4 * PAGE_ROWS;
const SEALED_PAGE_BYTES = PAGE_BYTES + TAG_BYTES;
const LENGTH_BYTES = 4;

/** Keeps nobody from working: once it has failed it takes nothing more. */
export class OwnImageWriter {
  readonly #page = Buffer.alloc(PAGE_BYTES);
  #rows = 0;
  #pages = 0;
  #isOver = false;

  /** @param onFailure told once */
  constructor(
    private readonly file: NewOwnFile,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  async add({ recipeId, digest, holds }: OwnRow): Promise<void> {
    const row = this.#rows;
    this.#page.set(recipeId, ID_BYTES * row);
    this.#page.set(digest, DIGESTS_AT + ID_BYTES * row);
    this.#page.writeUInt32LE(holds.zeroBytes, ZEROS_AT + 4 * row);
    this.#page.writeUInt32LE(holds.chunks, CHUNKS_AT + 4 * row);
    if (++this.#rows === PAGE_ROWS) await this.#closePage();
  }

  async #closePage(): Promise<void> {
    if (this.#rows === 0) return;
    this.#rows = 0;
    await this.#orFail(() => this.file.append(this.file.seal.seal(this.#pages++, this.#page)));
    this.#page.fill(0);
  }

  /** Whole, in place of the one before. */
  async finish(description: OwnImageDescription): Promise<void> {
    await this.#closePage();
    await this.#orFail(async () => {
      const sealed = this.file.seal.seal(this.#pages, encodePayload(v.parse(DescriptionSchema, description)));
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32LE(sealed.length);
      await this.file.append(Buffer.concat([sealed, length]));
      await this.file.finish();
      this.#isOver = true;
    });
  }

  /** Leaves nothing, unless it was finished. */
  async abort(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.file.abort();
  }

  async #orFail(work: () => Promise<void>): Promise<void> {
    if (this.#isOver) return;
    try {
      await work();
    } catch (error) {
      await this.abort();
      this.onFailure(error);
    }
  }
}

export class OwnImage {
  #page: { readonly number: number; readonly bytes: Buffer } | undefined;

  private constructor(
    private readonly file: OwnFile,
    readonly description: OwnImageDescription,
  ) {}

  /** @returns undefined for a file that is not whole, or not this slot's. @throws system errors, FormatError */
  static async open(file: OwnFile): Promise<OwnImage | undefined> {
    const length = await file.read(file.size - LENGTH_BYTES, LENGTH_BYTES);
    const descriptionBytes = length.length === LENGTH_BYTES ? length.readUInt32LE(0) : 0;
    const at = file.size - LENGTH_BYTES - descriptionBytes;
    const pages = (at - HEAD_BYTES) / SEALED_PAGE_BYTES;
    if (descriptionBytes === 0 || !(Number.isInteger(pages) && pages >= 0)) return undefined;
    const plain = file.seal.open(pages, await file.read(at, descriptionBytes));
    return plain && new OwnImage(file, decodePayload(plain, DescriptionSchema, 'own image'));
  }

  /** @returns undefined for what cannot be read */
  async row(number: number): Promise<OwnRow | undefined> {
    const page = await this.#pageOf(Math.floor(number / PAGE_ROWS));
    if (page === undefined) return undefined;
    const row = number % PAGE_ROWS;
    const at = ID_BYTES * row;
    return {
      recipeId: page.subarray(at, at + ID_BYTES),
      digest: page.subarray(DIGESTS_AT + at, DIGESTS_AT + at + ID_BYTES),
      holds: {
        zeroBytes: page.readUInt32LE(ZEROS_AT + 4 * row),
        chunks: page.readUInt32LE(CHUNKS_AT + 4 * row),
      },
    };
  }

  async #pageOf(number: number): Promise<Buffer | undefined> {
    if (this.#page?.number === number) return this.#page.bytes;
    const offset = HEAD_BYTES + SEALED_PAGE_BYTES * number;
    const sealed = await this.file.read(offset, SEALED_PAGE_BYTES).catch(() => undefined);
    const bytes = sealed && this.file.seal.open(number, sealed);
    if (bytes !== undefined) this.#page = { number, bytes };
    return bytes;
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
