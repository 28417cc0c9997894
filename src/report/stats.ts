/** What the store holds, what its images need of it, and what each of them alone needs. */
import { FOLDERS, PackKind } from '../../store-format/index.js';
import { EntrySet } from '../contents/entry-set.js';
import { type OpenImages, openResolved, passOverPurged } from '../contents/open-contents.js';
import type { Engine } from '../engine/engine.js';
import type { Image, OperationOptions, StoreStats } from '../interface.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { PackCatalog } from '../packs/pack-catalog.js';
import { mapConcurrently } from '../system/map-concurrently.js';
import { health } from './health.js';
import { storedShare, visitChunks, type WalkSettings } from './image-entries.js';
import { countSteadily } from './steady-count.js';

export async function stats(engine: Engine, options: OperationOptions): Promise<StoreStats> {
  const { images } = await engine.library.load();
  const isLive = ({ removed }: Image) => !removed;
  const open = await openResolved(engine, images.filter(isLive), options, passOverPurged);
  try {
    const { signal } = options;
    const { uniqueBytes, uniqueChunks, perImage } = await countSteadily(open, (renew) =>
      countChunks(open, { signal, renew }),
    );
    const live = open.images.map(({ image }) => image);
    const packs = await countPacks(open.catalog);
    const usedBytes = live.reduce((sum, image) => sum + image.usedBytes, 0);
    return {
      images: live.length,
      removedImages: images.filter(({ removed }) => removed).length,
      packs: packs.count,
      logicalBytes: live.reduce((sum, image) => sum + image.size, 0),
      usedBytes,
      uniqueBytes,
      uniqueChunks,
      storedBytes: packs.bytes + (await sizeOfOthers(engine.objects)),
      packBytes: packs.bytes,
      unreferencedBytes: Math.max(0, packs.plainBytes - uniqueBytes),
      indexBytes: await open.catalog.index.size(),
      dedupRatio: uniqueBytes === 0 ? 1 : usedBytes / uniqueBytes,
      compressionRatio: packs.frameBytes === 0 ? 1 : packs.plainBytes / packs.frameBytes,
      health: await health(engine, images),
      perImage,
    };
  } finally {
    await open.release();
  }
}

/** [1] How many images need each chunk: none, one, more. [2] What each image needs alone. */
async function countChunks({ catalog, images }: OpenImages, settings: WalkSettings) {
  const needed = new EntrySet();
  const shared = new EntrySet();
  let uniqueBytes = 0;
  let uniqueChunks = 0;
  for (const open of images) {
    const own = new EntrySet();
    await visitChunks(open, catalog, settings, (footer, ordinal) => {
      if (!own.add(footer, ordinal)) return;
      if (needed.add(footer, ordinal)) {
        uniqueBytes += footer.lengths[ordinal]!;
        uniqueChunks++;
      } else shared.add(footer, ordinal);
    });
  }
  const perImage: StoreStats['perImage'][number][] = [];
  for (const open of images) {
    const own = new EntrySet();
    const usage = { exclusiveChunks: 0, exclusiveBytes: 0, exclusiveStoredBytes: 0 };
    await visitChunks(open, catalog, settings, (footer, ordinal) => {
      if (shared.has(footer.pack, ordinal) || !own.add(footer, ordinal)) return;
      usage.exclusiveChunks++;
      usage.exclusiveBytes += footer.lengths[ordinal]!;
      usage.exclusiveStoredBytes += storedShare(footer, ordinal);
    });
    usage.exclusiveStoredBytes = Math.round(usage.exclusiveStoredBytes);
    perImage.push({ image: open.image, usage });
  }
  return { uniqueBytes, uniqueChunks, perImage };
}

async function countPacks(catalog: PackCatalog) {
  const sums = { count: 0, bytes: 0, plainBytes: 0, frameBytes: 0 };
  for (const pack of catalog.present) {
    const footer = await catalog.footer(pack);
    if (footer === undefined) continue;
    sums.count++;
    sums.bytes += footer.packBytes;
    if (footer.kind !== PackKind.data) continue;
    for (const frame of footer.frames) {
      sums.plainBytes += frame.plainBytes;
      sums.frameBytes += frame.storedBytes;
    }
  }
  return sums;
}

/** Bytes of manifests and records. */
async function sizeOfOthers(objects: ObjectStore): Promise<number> {
  let sum = 0;
  for (const folder of FOLDERS) {
    if (folder === 'packs') continue;
    const sizes = await mapConcurrently(await objects.list(folder), 16, (key) => objects.size(key));
    for (const size of sizes) sum += size ?? 0;
  }
  return sum;
}
