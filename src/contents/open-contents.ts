/**
 * Opens an image for reading. In a store that can be written the reader takes a lease that names the image: made
 * durable first, then it looks whether the manifest is there and its purge unclaimed. From then on the image is a
 * root, and gc keeps all of it.
 */
import type { Manifest, PubId } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { HeldLease } from '../engine/lease.js';
import { StoreError } from '../errors.js';
import { readManifest } from '../images/image-heads.js';
import { shortName } from '../images/image-library.js';
import { findPurged } from '../images/marks.js';
import type { Image, OperationOptions } from '../interface.js';
import type { PackCatalog } from '../packs/pack-catalog.js';
import { EntryReader } from './entry-reader.js';
import { ImageContents } from './image-contents.js';

export interface OpenContents {
  readonly image: Image;
  readonly manifest: Manifest;
  readonly contents: ImageContents;
}

export interface OpenImages {
  readonly catalog: PackCatalog;
  readonly images: readonly OpenContents[];
  release(): Promise<void>;
}

/** @throws unknown-reference, ambiguous-reference, image-purged, object-damaged */
export async function openContents(
  engine: Engine,
  references: readonly string[],
  options: OperationOptions,
): Promise<OpenImages> {
  const images: Image[] = [];
  for (const reference of references) images.push(await engine.library.resolve(reference));
  return openResolved(engine, images, options);
}

/** @param onUnreadable takes images whose manifest cannot be read, which are then left out; without it that is thrown */
export async function openResolved(
  engine: Engine,
  images: readonly Image[],
  options: OperationOptions,
  onUnreadable?: (image: Image, error: StoreError) => void,
): Promise<OpenImages> {
  const lease = engine.objects.readOnly ? undefined : await takeReadLease(engine, images);
  try {
    const publications = images.map(({ publication }) => publication as PubId);
    const purged = await findPurged(engine.objects, publications); // what else is wrong with marks was told before
    for (const image of images) {
      if (!purged.has(image.publication as PubId)) continue;
      throw new StoreError('image-purged', `Image ${shortName(image)} was purged by gc`, { image: image.id });
    }
    const catalog = await engine.catalog(options);
    const entries = new EntryReader(engine, catalog);
    const open: OpenContents[] = [];
    for (const image of images) {
      try {
        const manifest = await readManifest(engine.objects, image.publication as PubId);
        open.push({ image, manifest, contents: ImageContents.of(manifest, entries) });
      } catch (error) {
        if (!(error instanceof StoreError) || onUnreadable === undefined) throw error;
        onUnreadable(image, error);
      }
    }
    return { catalog, images: open, release: async () => lease?.release() };
  } catch (error) {
    await lease?.release();
    throw error;
  }
}

/** A full store must still be readable: what is lost is only that gc waits for this reader. */
async function takeReadLease(engine: Engine, images: readonly Image[]): Promise<HeldLease | undefined> {
  const publications = images.map(({ publication }) => publication);
  try {
    return await HeldLease.take(engine.objects, engine.environment, 'read', publications);
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'no-space') throw error;
    engine.warn({
      code: 'no-lease',
      message: `${error.message}. Reading goes on without a lease: no gc must run meanwhile`,
    });
    return undefined;
  }
}
