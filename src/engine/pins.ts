/** Pins: roots without a process, such as what an overlay stands on. */
import {
  encodeRecord,
  imageKey,
  type Pin,
  PinSchema,
  type PubId,
  pinKey,
  toHex,
} from '../../store-format/index.js';
import type { Environment } from '../environment.js';
import { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import { readMarkInForce } from '../images/marks.js';
import { readRecord } from '../objects/numbered-records.js';
import type { ObjectStore } from '../objects/object-store.js';
import { requireId } from './leases.js';

/** Every pin that stands now. @throws object-damaged, object-unreadable: it may name any image */
export async function listPins(objects: ObjectStore): Promise<readonly Pin[]> {
  const pins: Pin[] = [];
  for (const key of await objects.list('pins')) {
    requireId(key);
    try {
      pins.push(await readRecord(objects, key, 'pin', PinSchema));
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'object-missing') throw error; // taken away meanwhile
    }
  }
  return pins;
}

/**
 * Keeps an image's data until the pin is taken away, even when the image is removed. The pin is durable first; then
 * marks, then the manifest are looked at: what purge had decided before holds.
 *
 * @throws image-purged
 */
export async function pinImage(
  objects: ObjectStore,
  environment: Environment,
  image: PubId,
  reason: string,
): Promise<Pin> {
  const id = toHex(environment.random(16));
  const pin: Pin = { id, createdMs: environment.now(), reason, images: [image] };
  const key = pinKey(id);
  await objects.claim(key, encodeRecord('pin', key, pin, blake3));
  const purged = (await readMarkInForce(objects, image)).verdict === 'purged';
  if (!purged && (await objects.size(imageKey(image))) !== undefined) return pin;
  await unpin(objects, id);
  throw new StoreError('image-purged', `Image ${image} was purged by gc: it cannot be pinned`, { image });
}

export function unpin(objects: ObjectStore, id: string): Promise<void> {
  return objects.delete(pinKey(id));
}
