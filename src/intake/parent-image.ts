/**
 * A parent that is read from the store. It is held by the capture's lease, so all that it needs stays, as long as it is
 * there: what a parent may be trusted with is decided here.
 */
import {
  decodeRecipe,
  FormatError,
  HASH_BYTES,
  type ManifestHeader,
  type PackId,
  type PubId,
} from '../../store-format/index.js';
import { EntryReader } from '../contents/entry-reader.js';
import { ImageContents, type Row } from '../contents/image-contents.js';
import { readRange } from '../contents/read-range.js';
import type { Engine } from '../engine/engine.js';
import { messageOf, StoreError } from '../errors.js';
import { readManifest } from '../images/image-heads.js';
import { readMarkInForce } from '../images/marks.js';
import type { PackCatalog } from '../packs/pack-catalog.js';
import { CHUNK_HOMES, ENTRY_HOMES, type Sought } from '../packs/sought.js';
import type { Parent } from './parent.js';

export class ParentImage implements Parent {
  #trusted: boolean;
  #damaged = false;
  #packs: ReadonlySet<PackId> | undefined;

  private constructor(
    private readonly engine: Engine,
    readonly header: ManifestHeader,
    private readonly contents: ImageContents,
    private readonly catalog: PackCatalog,
    private readonly pageIds: readonly Uint8Array[],
    packs: ReadonlySet<PackId> | undefined,
  ) {
    this.#packs = packs;
    this.#trusted = packs !== undefined;
  }

  /** Packs that hold all of it; undefined where that is not known, or where one of them is gone or damaged. */
  get packs(): ReadonlySet<PackId> | undefined {
    return this.#packs;
  }

  /**
   * Call it when the lease that names the image is durable and the catalog was brought up to date after that.
   *
   * @returns undefined when the image was purged meanwhile or cannot be read: the capture does without
   */
  static async open(
    engine: Engine,
    catalog: PackCatalog,
    publication: PubId,
  ): Promise<ParentImage | undefined> {
    try {
      if ((await readMarkInForce(engine.objects, publication)).verdict === 'purged') return undefined;
      const manifest = await readManifest(engine.objects, publication);
      const contents = ImageContents.of(manifest, new EntryReader(engine, catalog));
      const lossless = isBelieved(manifest.header) && (await engine.objects.list('lost')).length === 0;
      const cover = lossless ? catalog.coverOf(publication) : undefined;
      return new ParentImage(engine, manifest.header, contents, catalog, manifest.pageIds, cover);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      engine.warn({
        code: 'parent-unusable',
        message: `Image ${publication} does not serve as a parent: ${error.message}`,
      });
      return undefined;
    }
  }

  get segmentCount(): number {
    return this.contents.segmentCount;
  }

  get isBelieved(): boolean {
    return isBelieved(this.header);
  }

  /** A segment that equals the parent's needs no look-up. */
  get trusted(): boolean {
    return this.#trusted;
  }

  /** @returns undefined behind the parent's end, and for what cannot be read */
  async row(number: number): Promise<Row | undefined> {
    return (await this.rows(number, 1))[0];
  }

  /** As `row`, of segments that follow each other. */
  async rows(first: number, count: number): Promise<readonly (Row | undefined)[]> {
    return (await this.#reading(() => this.contents.rows(first, count))) ?? [];
  }

  /** @throws object-missing, object-damaged */
  requireRow(number: number): Promise<Row> {
    if (this.#trusted) return this.contents.row(number);
    const { imageId, name } = this.header;
    throw new StoreError(
      'object-damaged',
      `Image ${name}@${imageId.slice(0, 8)} is damaged, so what has not changed since cannot be taken from it; capture without --changed-ranges`,
      { image: imageId },
    );
  }

  /** Its bytes, as `readRange` gives them: fewer only at its end. @throws chunk-damaged, chunk-missing, object-damaged */
  read(offset: number, length: number): Promise<Uint8Array> {
    return readRange(this.engine, this.catalog, this.contents, offset, length);
  }

  /**
   * Looks up all that it needs, where it is not trusted yet.
   *
   * @returns whether it may be relied on unseen
   */
  async lookUpAll(signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#trusted || this.#damaged || !this.isBelieved) return this.#trusted;
    const packs = new Set<PackId>();
    const find = async (ids: Buffer, at: number, sought: Sought) => {
      const home = this.catalog.findKept(ids, at, sought) ?? (await this.catalog.find(ids, at, sought));
      if (home !== undefined) packs.add(home.footer.pack);
      return home !== undefined;
    };
    for (const id of this.pageIds) if (!(await find(Buffer.from(id), 0, ENTRY_HOMES))) return false;
    for (let number = 0; number < this.segmentCount; number++) {
      signal?.throwIfAborted();
      const row = await this.row(number);
      const recipe = row && (await this.recipeBytes(row.recipeId));
      if (recipe === undefined || !(await find(row!.recipeId, 0, ENTRY_HOMES))) return false;
      const { ids, lengths } = decodeRecipe(recipe);
      const idBytes = Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength);
      for (let i = 0; i < lengths.length; i++)
        if (!(await find(idBytes, HASH_BYTES * i, CHUNK_HOMES))) return false;
    }
    this.#packs = packs;
    this.#trusted = true;
    return true;
  }

  recipeBytes(recipeId: Buffer): Promise<Buffer | undefined> {
    return this.#reading(async () => {
      const bytes = await this.contents.recipeBytes(recipeId);
      decodeRecipe(bytes); // what hashes to its id and is no recipe was forged
      return bytes;
    });
  }

  async #reading<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof StoreError || error instanceof FormatError)) throw error;
      this.#distrust(error);
      return undefined;
    }
  }

  /** What is damaged here may be damaged there: from now on everything is looked up. */
  #distrust(error: unknown): void {
    if (this.#damaged) return;
    this.#damaged = true;
    this.#trusted = false;
    const { imageId, name } = this.header;
    this.engine.warn({
      code: 'parent-unusable',
      message: `Image ${name}@${imageId.slice(0, 8)} is damaged and is not relied on as a parent (${messageOf(error)}); "doppel verify" tells more`,
    });
  }
}

/** Who may only write could pair the digest of one segment with the recipe of another. */
function isBelieved({ signedBy }: ManifestHeader): boolean {
  return signedBy === undefined || signedBy.access === 'full';
}

/** Whether two digests or ids are equal. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
