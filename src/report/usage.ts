import { EntrySet } from '../contents/entry-set.js';
import { type OpenImages, openResolved, passOverPurged } from '../contents/open-contents.js';
import type { Engine } from '../engine/engine.js';
import type { OperationOptions, Usage } from '../interface.js';
import { storedShare, visitChunks, type WalkSettings } from './image-entries.js';
import { countSteadily } from './steady-count.js';

/** What only this image needs: gone with it, were it removed alone. */
export async function usage(engine: Engine, reference: string, options: OperationOptions): Promise<Usage> {
  const wanted = await engine.library.resolve(reference);
  const live = await engine.library.list();
  const others = live.filter(({ publication }) => publication !== wanted.publication);
  const open = await openResolved(engine, [...others, wanted], options, (image, error) => {
    if (image === wanted) throw error;
    passOverPurged(image, error);
  });
  try {
    const { signal } = options;
    return await countSteadily(open, (renew) => exclusiveUsage(open, { signal, renew }));
  } finally {
    await open.release();
  }
}

/** Of the last of the open images against all before it. */
async function exclusiveUsage({ catalog, images }: OpenImages, settings: WalkSettings): Promise<Usage> {
  const seen = new EntrySet();
  for (const other of images.slice(0, -1)) {
    await visitChunks(other, catalog, settings, (footer, ordinal) => void seen.add(footer, ordinal));
  }
  const result = { exclusiveChunks: 0, exclusiveBytes: 0, exclusiveStoredBytes: 0 };
  await visitChunks(images.at(-1)!, catalog, settings, (footer, ordinal) => {
    if (!seen.add(footer, ordinal)) return;
    result.exclusiveChunks++;
    result.exclusiveBytes += footer.lengths[ordinal]!;
    result.exclusiveStoredBytes += storedShare(footer, ordinal);
  });
  return { ...result, exclusiveStoredBytes: Math.round(result.exclusiveStoredBytes) };
}
