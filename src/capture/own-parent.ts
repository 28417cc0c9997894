/**
 * The parent of a capture that cannot read the store: this machine's own copy of what it stored last under the name. The
 * lease names the image, so what it needs stays; whether it is still there is seen from marks, listings and names of objects,
 * which every member can read (SPEC.md, section 12, "Capture").
 */
import { imageKey, type PackId, type PubId, SEGMENT_BYTES } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import { readMarkInForce } from '../images/marks.js';
import type { Parent, ParentHeader, ParentRow } from '../intake/parent.js';
import type { OwnImage } from '../memory/own-image.js';
import type { PackCatalog } from '../packs/pack-catalog.js';

export class OwnParent implements Parent {
  readonly isBelieved = true;
  readonly trusted = true;

  private constructor(
    private readonly image: OwnImage,
    readonly packs: ReadonlySet<PackId>,
  ) {}

  /**
   * Call it when the lease that names the image is durable and the catalog was brought up to date after that.
   *
   * @returns undefined when the image was purged, or some of what it needs is gone or in doubt: then nothing of it is of use,
   *   as its recipes cannot be read
   */
  static async open(engine: Engine, catalog: PackCatalog, image: OwnImage): Promise<OwnParent | undefined> {
    const packs = new Set(image.description.packs as PackId[]);
    try {
      const publication = image.description.pubId as PubId;
      if ((await isWhole(engine, publication)) && catalog.areHomes(packs)) return new OwnParent(image, packs);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      const message = `The last image that was stored here does not serve as a parent: ${error.message}`;
      engine.warn({ code: 'parent-unusable', message });
    }
    return undefined;
  }

  get header(): ParentHeader {
    return this.image.description;
  }

  get segmentCount(): number {
    return Math.ceil(this.header.size / SEGMENT_BYTES);
  }

  async row(number: number): Promise<ParentRow | undefined> {
    return number < this.segmentCount ? this.image.row(number) : undefined;
  }

  async rows(first: number, count: number): Promise<readonly (ParentRow | undefined)[]> {
    const rows: (ParentRow | undefined)[] = [];
    for (let number = first; number < first + count; number++) rows.push(await this.row(number));
    return rows;
  }

  async requireRow(number: number): Promise<ParentRow> {
    const row = await this.row(number);
    if (row !== undefined) return row;
    throw new StoreError(
      'io-failed',
      "This machine's copy of its last image cannot be read: capture without --changed-ranges",
    );
  }

  async recipeBytes(): Promise<undefined> {
    return undefined;
  }

  async lookUpAll(): Promise<boolean> {
    return true;
  }
}

/** Marks first: whoever finds the manifest after finding no purge mark can be sure. */
async function isWhole({ objects }: Engine, publication: PubId): Promise<boolean> {
  if ((await readMarkInForce(objects, publication)).verdict === 'purged') return false;
  if ((await objects.size(imageKey(publication))) === undefined) return false;
  return (await objects.list('lost')).length === 0;
}
