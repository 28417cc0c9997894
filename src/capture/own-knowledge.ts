/**
 * Of a capture with a key that may only write: it reads no manifest, and knows what this machine stored before.
 *
 * Its place among the images of the name follows from a count: whoever takes the place behind the highest one of a name has at
 * most as many before it as images were ever published, and each of those has left an object in `images/`, or a mark in
 * `removed/`, or both. So the number of these ids, and one, is above every place that was taken before (SPEC.md, section 9).
 */
import { type PubId, parseLeaseId, parseMark } from '../../store-format/index.js';
import type { DiskSource } from '../disks/disk-source.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import { parseReference, type Reference } from '../images/reference.js';
import type { OwnImage, OwnImageDescription, OwnImageWriter } from '../memory/own-image.js';
import { keyForbids } from '../objects/key-forbids.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { ParentWish } from './choose-parent.js';
import type { ChosenParent, Knowledge } from './knowledge.js';
import { OwnParent } from './own-parent.js';

export class OwnKnowledge implements Knowledge {
  readonly canRead = false;
  #parent: OwnImage | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly wish: ParentWish,
  ) {}

  async chooseParent(_source: DiskSource): Promise<ChosenParent | undefined> {
    const { engine } = this;
    const image = await this.#wishedImage();
    if (image === undefined) return undefined;
    this.#parent = image;
    const publication = image.description.pubId as PubId;
    return { publication, open: (catalog) => OwnParent.open(engine, catalog, image) };
  }

  async #wishedImage(): Promise<OwnImage | undefined> {
    const { name, parent } = this.wish;
    if (parent === false) return undefined;
    const reference = parent === undefined ? undefined : parseReference(parent);
    const image = await this.engine.ownWork?.image(reference?.name ?? name);
    const isChunkers = image?.description.chunker === this.engine.chunkerFingerprint;
    if (image !== undefined && isChunkers && isMeant(reference, image.description)) return image;
    await image?.close();
    if (reference === undefined) return undefined;
    throw forbidden(this.engine.objects, parent as string);
  }

  async nextSequence(): Promise<number> {
    const { objects, ownWork } = this.engine;
    const last = await ownWork?.image(this.wish.name);
    const sequence = last?.description.sequence ?? 0;
    await last?.close();
    return 1 + Math.max(sequence, await countPublished(objects));
  }

  newCopy(): Promise<OwnImageWriter | undefined> {
    return this.engine.ownWork?.newImage(this.wish.name) ?? Promise.resolve(undefined);
  }

  async close(): Promise<void> {
    await this.#parent?.close();
    this.#parent = undefined;
  }
}

/** How many images were ever published, or a few more: broken leases have ids as well. */
async function countPublished(objects: ObjectStore): Promise<number> {
  const ids = new Set<string>();
  for (const key of await objects.list('images')) {
    const id = parseLeaseId(key);
    if (id !== undefined) ids.add(id);
  }
  for (const key of await objects.list('removed')) {
    const mark = parseMark(key);
    if (mark !== undefined) ids.add(mark.image);
  }
  return ids.size;
}

/** Of the images of a name it has the last one alone. */
function isMeant(reference: Reference | undefined, { imageId }: OwnImageDescription): boolean {
  if (reference === undefined) return true;
  if (reference.kind === 'id') return imageId.startsWith(reference.prefix);
  return reference.kind === 'version' && reference.back === 0;
}

function forbidden(objects: ObjectStore, reference: string): StoreError {
  const { message, details } = keyForbids(objects);
  return new StoreError(
    'key-forbids',
    `"${reference}" cannot be a parent: ${message}, or name the last image of a name that was stored here`,
    { ...details, reference },
  );
}
