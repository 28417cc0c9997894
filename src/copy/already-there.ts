/**
 * Which image of the target is the one that is copied: that it has the same id and says the same digest is enough where
 * somebody with full access signed it. A machine that may only write could have chosen both for other bytes: its image is read.
 */
import { openResolved } from '../contents/open-contents.js';
import type { Engine } from '../engine/engine.js';
import { shortName } from '../images/short-name.js';
import type { Image } from '../interface.js';
import { cutAnew } from './cut-anew.js';
import type { CopySettings } from './image-to-copy.js';
import { damageOf, SourceDamage } from './source-damage.js';

/** Whether what its manifest says of an image needs no proof. */
export function isBelieved({ signedBy }: Pick<Image, 'signedBy'>): boolean {
  return signedBy?.access !== 'write';
}

/** @param images those of the target. @returns undefined when none of them stands for the image */
export async function findThere(
  image: Image,
  target: Engine,
  images: readonly Image[],
  signal: AbortSignal | undefined,
): Promise<Image | undefined> {
  const sameId = images.filter(({ id }) => id === image.id);
  const believed = sameId.find(isBelieved);
  if (believed !== undefined) return believed;
  for (const other of sameId) {
    const doubt =
      other.digest === image.digest ? await doubtAbout(other, target, signal) : 'it has other content';
    if (doubt === undefined) return other;
    const message = `Image ${shortName(other)} in ${target.objects.location}, which "${other.signedBy!.writer}" published, has the id of ${shortName(image)} and does not stand for it: ${doubt}`;
    target.warn({ code: 'image-unreadable', message });
  }
  return undefined;
}

/** @returns what is wrong with an image's bytes */
async function doubtAbout(
  image: Image,
  engine: Engine,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const settings: CopySettings = { signal, onBytes: () => undefined };
  let damage: SourceDamage | undefined;
  const open = await openResolved(engine, [image], signal === undefined ? {} : { signal }, (_, error) => {
    damage = damageOf(image, error);
    if (damage === undefined && error.code !== 'image-purged') throw error;
  });
  try {
    const [from] = open.images;
    if (from === undefined) return damage?.reason ?? 'it was purged';
    const { catalog, renew } = open;
    await cutAnew(
      { engine, catalog, from, renew },
      { engine, catalog, lease: undefined },
      undefined,
      settings,
    );
    return undefined;
  } catch (error) {
    if (!(error instanceof SourceDamage)) throw error;
    return error.reason;
  } finally {
    await open.release();
  }
}
