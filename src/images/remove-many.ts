/**
 * Many images marked removed as `ImageLibrary.remove` marks one, without reading the library again for each: marks are
 * listed once, and a mark that is new since makes the claim fail, after which it is read. Protections are read again
 * every few images, so that one which somebody has just made still counts.
 */
import type { PubId } from '../../store-format/index.js';
import type { Environment } from '../environment.js';
import { StoreError } from '../errors.js';
import type { Image } from '../interface.js';
import type { ObjectStore } from '../objects/object-store.js';
import { mapConcurrently } from '../system/map-concurrently.js';
import { listMarks, setMark } from './marks.js';
import { readNameRecord } from './name-records.js';

/** Marks in flight at a time, after one look at what is protected. */
const BATCH = 16;

/**
 * @param images live ones, those of a name together
 * @returns publications of those that stay, since they were protected meanwhile
 * @throws object-damaged, object-unreadable, the signal's reason; what was marked until then stays marked
 */
export async function removeMany(
  objects: ObjectStore,
  environment: Environment,
  images: readonly Image[],
  signal?: AbortSignal,
): Promise<ReadonlySet<string>> {
  const stay = new Set<string>();
  const marks = await listMarks(objects, new Set(images.map(publicationOf)));
  for (const batch of batchesOfOneName(images)) {
    signal?.throwIfAborted();
    const record = await readNameRecord(objects, batch[0]!.name);
    const isProtected = (image: Image) => record.protected.includes(image.publication);
    for (const image of batch.filter(isProtected)) stay.add(image.publication);
    await mapConcurrently(
      batch.filter((image) => !isProtected(image)),
      BATCH,
      async (image) => {
        const id = publicationOf(image);
        const seen = marks.get(id) ?? { n: 0, verdict: 'restored' };
        await setMark(objects, environment, id, 'removed', seen).catch(unlessPurged);
      },
    );
  }
  return stay;
}

function* batchesOfOneName(images: readonly Image[]): Generator<readonly Image[]> {
  for (let at = 0; at < images.length; ) {
    const ahead = images.slice(at, at + BATCH);
    const end = ahead.findIndex(({ name }) => name !== ahead[0]!.name);
    const batch = end < 0 ? ahead : ahead.slice(0, end);
    yield batch;
    at += batch.length;
  }
}

/** Somebody else removed it, and gc has ended it already. */
function unlessPurged(error: unknown): void {
  if (!(error instanceof StoreError) || error.code !== 'image-purged') throw error;
}

function publicationOf({ publication }: Image): PubId {
  return publication as PubId;
}
