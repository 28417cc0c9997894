/**
 * Opens an image for reading. In a store that can be written the reader takes a lease that names the image: made
 * durable first, then it looks whether the manifest is there and its purge unclaimed. From then on the image is a
 * root, and gc keeps all of it.
 */
import type { Manifest, PubId } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import { readManifest } from '../images/image-heads.js';
import { listMarks } from '../images/marks.js';
import type { Image, OperationOptions } from '../interface.js';
import type { PackCatalog } from '../packs/pack-catalog.js';
import { EntryReader } from './entry-reader.js';
import { ImageContents } from './image-contents.js';
import { imagePurged, ReadLease } from './read-lease.js';

export interface OpenContents {
  readonly image: Image;
  readonly manifest: Manifest;
  readonly contents: ImageContents;
}

export interface OpenImages {
  readonly catalog: PackCatalog;
  readonly images: readonly OpenContents[];
  /** For every turn of a long loop, so that gc never waits for long (`ReadLease`). @throws image-purged */
  renew(): Promise<void>;
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

/**
 * @param onUnreadable takes images that were purged since they were listed, and those whose manifest cannot be read;
 *   they are then left out. Without it that is thrown
 */
export async function openResolved(
  engine: Engine,
  images: readonly Image[],
  options: OperationOptions,
  onUnreadable?: (image: Image, error: StoreError) => void,
): Promise<OpenImages> {
  const lease = await ReadLease.take(engine, images);
  try {
    const marks = await listMarks(engine.objects, () => undefined); // told when the references were resolved
    const catalog = await engine.catalog(options);
    const entries = new EntryReader(engine, catalog);
    const open: OpenContents[] = [];
    for (const image of images) {
      try {
        const publication = image.publication as PubId;
        if (marks.get(publication)?.verdict === 'purged') throw imagePurged(image);
        const manifest = await readManifest(engine.objects, publication);
        open.push({ image, manifest, contents: ImageContents.of(manifest, entries) });
      } catch (error) {
        if (!(error instanceof StoreError) || onUnreadable === undefined) throw error;
        onUnreadable(image, error);
      }
    }
    lease.narrowTo(open.map(({ image }) => image));
    return { catalog, images: open, renew: () => lease.renew(), release: () => lease.release() };
  } catch (error) {
    await lease.release();
    throw error;
  }
}

/** For whoever reads all images: one that gc took since they were listed is none of them any more. */
export function passOverPurged(_image: Image, error: StoreError): void {
  if (error.code !== 'image-purged') throw error;
}
