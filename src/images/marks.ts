/**
 * Marks in `removed/`: odd numbers take an image away, even ones decide about the mark before: restored or purged.
 * Each is a claim, so that undelete and purge cannot both win.
 */
import {
  checkMark,
  encodeRecord,
  type Mark,
  MarkSchema,
  markKey,
  type PubId,
  parseMark,
} from '../../store-format/index.js';
import type { Environment } from '../environment.js';
import { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import { readRecord } from '../objects/numbered-records.js';
import type { ObjectStore } from '../objects/object-store.js';

export interface MarkInForce {
  readonly n: number;
  readonly verdict: Mark['verdict'];
}

/**
 * The highest mark of each image that ever had one.
 *
 * @param onUnreadable for readers: takes what is wrong with a mark, which then counts as "restored", so that an image
 *   that may be there can be had
 */
export async function listMarks(
  objects: ObjectStore,
  onUnreadable?: (error: StoreError) => void,
): Promise<ReadonlyMap<PubId, MarkInForce>> {
  const highest = new Map<PubId, number>();
  for (const key of await objects.list('removed')) {
    const mark = parseMark(key);
    if (mark !== undefined) highest.set(mark.image, Math.max(mark.n, highest.get(mark.image) ?? 0));
  }
  const marks = new Map<PubId, MarkInForce>();
  for (const [image, n] of highest) {
    try {
      marks.set(image, { n, verdict: await readVerdict(objects, image, n) });
    } catch (error) {
      if (!(error instanceof StoreError) || onUnreadable === undefined) throw error;
      onUnreadable(error);
      marks.set(image, { n, verdict: 'restored' });
    }
  }
  return marks;
}

/** An odd mark says nothing but "removed": its number alone will do. */
async function readVerdict(objects: ObjectStore, image: PubId, n: number): Promise<Mark['verdict']> {
  if (n % 2 === 1) return 'removed';
  const check = (mark: Mark) => checkMark(image, n, mark);
  return (await readRecord(objects, markKey(image, n), 'mark', MarkSchema, check)).verdict;
}

/**
 * Marks an image, or decides about its mark. Saying what holds already is no change.
 *
 * @throws image-purged when gc has decided otherwise
 */
export async function setMark(
  objects: ObjectStore,
  environment: Environment,
  image: PubId,
  verdict: 'removed' | 'restored',
): Promise<void> {
  for (;;) {
    const current = (await listMarks(objects)).get(image) ?? { n: 0, verdict: 'restored' };
    if (current.verdict === 'purged') {
      throw new StoreError('image-purged', `Image ${image} was purged by gc: it cannot be brought back`, {
        image,
      });
    }
    if (current.verdict === verdict) return;
    const key = markKey(image, current.n + 1);
    const by = `${environment.command} on ${environment.host}`;
    const mark: Mark = { image, verdict, atMs: environment.now(), by };
    if ((await objects.claim(key, encodeRecord('mark', key, mark, blake3))).won) return;
  }
}
