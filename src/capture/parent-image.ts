/**
 * The image that a capture is predicted from. It is held by the capture's lease, so all that it needs stays, as long
 * as it is there: what a parent may be trusted with is decided here.
 */
import type { ManifestHeader, PackId, PubId } from '../../store-format/index.js';
import { EntryReader } from '../contents/entry-reader.js';
import { ImageContents } from '../contents/image-contents.js';
import type { Engine } from '../engine/engine.js';
import { messageOf, StoreError } from '../errors.js';
import { readManifest } from '../images/image-heads.js';
import { listMarks } from '../images/marks.js';
import type { PackCatalog } from '../packs/pack-catalog.js';

export interface ParentRow {
  readonly recipeId: Buffer;
  readonly digest: Uint8Array;
}

export class ParentImage {
  #trusted: boolean;

  private constructor(
    private readonly engine: Engine,
    readonly header: ManifestHeader,
    private readonly contents: ImageContents,
    /** Packs that hold all of it; undefined where that is not known, or where one of them is gone or damaged. */
    readonly packs: ReadonlySet<PackId> | undefined,
  ) {
    this.#trusted = packs !== undefined;
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
      const marks = await listMarks(engine.objects);
      if (marks.get(publication)?.verdict === 'purged') return undefined;
      const manifest = await readManifest(engine.objects, publication);
      const contents = ImageContents.of(manifest, new EntryReader(engine, catalog));
      const lossless = (await engine.objects.list('lost')).length === 0;
      const cover = lossless ? catalog.coverOf(publication) : undefined;
      return new ParentImage(engine, manifest.header, contents, cover);
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

  /** A segment that equals the parent's needs no look-up. */
  get trusted(): boolean {
    return this.#trusted;
  }

  /** @returns undefined behind the parent's end, and for what cannot be read */
  async row(number: number): Promise<ParentRow | undefined> {
    if (number >= this.segmentCount) return undefined;
    return this.#reading(() => this.contents.row(number));
  }

  async recipeOf(number: number): Promise<Buffer | undefined> {
    const row = await this.row(number);
    return row && this.recipeBytes(row.recipeId);
  }

  recipeBytes(recipeId: Buffer): Promise<Buffer | undefined> {
    return this.#reading(() => this.contents.recipeBytes(recipeId));
  }

  async #reading<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#distrust(error);
      return undefined;
    }
  }

  /** What is damaged here may be damaged there: from now on everything is looked up. */
  #distrust(error: unknown): void {
    if (!this.#trusted) return;
    this.#trusted = false;
    const { imageId, name } = this.header;
    this.engine.warn({
      code: 'parent-unusable',
      message: `Image ${name}@${imageId.slice(0, 8)} is damaged and is not relied on as a parent (${messageOf(error)}); "doppel verify" tells more`,
    });
  }
}

/** Whether two digests or ids are equal. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
