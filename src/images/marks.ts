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
 * The highest mark of each of these images, where it has one.
 *
 * @param onUnreadable for readers: takes what is wrong with a mark, which then counts as "restored", so that an image
 *   that may be there can be had
 */
export async function listMarks(
  objects: ObjectStore,
  images: ReadonlySet<PubId>,
  onUnreadable?: (error: StoreError) => void,
): Promise<ReadonlyMap<PubId, MarkInForce>> {
  const marks = new Map<PubId, MarkInForce>();
  for (const [image, n] of await listHighest(objects)) {
    if (!images.has(image)) continue;
    try {
      marks.set(image, await readInForce(objects, image, n));
    } catch (error) {
      if (!(error instanceof StoreError) || onUnreadable === undefined) throw error;
      onUnreadable(error);
      marks.set(image, { n, verdict: 'restored' });
    }
  }
  return marks;
}

async function listHighest(objects: ObjectStore): Promise<ReadonlyMap<PubId, number>> {
  const highest = new Map<PubId, number>();
  for (const key of await objects.list('removed')) {
    const mark = parseMark(key);
    if (mark !== undefined) highest.set(mark.image, Math.max(mark.n, highest.get(mark.image) ?? 0));
  }
  return highest;
}

/**
 * The highest number of each image's marks, exactly; 0 where there is none. Where listings lag they may not show the last
 * one, so the numbers behind the highest that is listed are asked for one by one (SPEC.md, section 12, "Purge").
 */
async function readHighestMarks(
  objects: ObjectStore,
  images: readonly PubId[],
): Promise<ReadonlyMap<PubId, number>> {
  const listed = await listHighest(objects);
  const highest = new Map<PubId, number>();
  for (const image of images) {
    let n = listed.get(image) ?? 0;
    while ((await objects.size(markKey(image, n + 1))) !== undefined) n++;
    highest.set(image, n);
  }
  return highest;
}

/** gc drops the marks below a purge mark: one that was listed as the highest and is gone since has a higher one. */
async function readInForce(objects: ObjectStore, image: PubId, n: number): Promise<MarkInForce> {
  try {
    return { n, verdict: n === 0 ? 'restored' : await readVerdict(objects, image, n) };
  } catch (error) {
    const isMissing = error instanceof StoreError && error.code === 'object-missing';
    const higher = isMissing ? (await readHighestMarks(objects, [image])).get(image)! : 0;
    if (higher <= n) throw error;
    return readInForce(objects, image, higher);
  }
}

/** What is decided of an image now: `restored` when nobody ever removed it. @throws object-damaged, object-unreadable */
export async function readMarkInForce(objects: ObjectStore, image: PubId): Promise<MarkInForce> {
  return readInForce(objects, image, (await readHighestMarks(objects, [image])).get(image)!);
}

/** Which of these images were purged. A mark that cannot be read says nothing: for readers alone. */
export async function findPurged(
  objects: ObjectStore,
  images: readonly PubId[],
): Promise<ReadonlySet<PubId>> {
  const purged = new Set<PubId>();
  for (const [image, n] of await readHighestMarks(objects, images)) {
    try {
      if ((await readInForce(objects, image, n)).verdict === 'purged') purged.add(image);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }
  return purged;
}

/**
 * An odd mark says nothing but "removed": its number alone will do. Not where objects are signed: anybody who may add objects
 * could remove images by names of files.
 */
export async function readVerdict(objects: ObjectStore, image: PubId, n: number): Promise<Mark['verdict']> {
  if (n % 2 === 1 && objects.vault === undefined) return 'removed';
  return (await readMark(objects, image, n)).verdict;
}

/** @throws object-missing, object-damaged, object-unreadable */
export function readMark(objects: ObjectStore, image: PubId, n: number): Promise<Mark> {
  const check = (mark: Mark) => checkMark(image, n, mark);
  return readRecord(objects, markKey(image, n), 'mark', MarkSchema, check);
}

/**
 * Marks an image, or decides about its mark. Saying what holds already is no change.
 *
 * @param seen the mark in force as listed just before: spares listing again, unless somebody has decided since
 * @throws image-purged when gc has decided otherwise
 */
export async function setMark(
  objects: ObjectStore,
  environment: Environment,
  image: PubId,
  verdict: 'removed' | 'restored',
  seen?: MarkInForce,
): Promise<void> {
  for (let tries = 0; ; tries++) {
    const current = (tries === 0 ? seen : undefined) ?? (await readMarkInForce(objects, image));
    if (current.verdict === 'purged') {
      throw new StoreError('image-purged', `Image ${image} was purged by gc: it cannot be brought back`, {
        image,
      });
    }
    if (current.verdict === verdict) return;
    if (await claimMark(objects, environment, image, current.n + 1, verdict)) return;
  }
}

/** @returns whether the mark of that number is this one: somebody else may have decided first */
export async function claimMark(
  objects: ObjectStore,
  environment: Environment,
  image: PubId,
  n: number,
  verdict: Mark['verdict'],
): Promise<boolean> {
  const key = markKey(image, n);
  const by = `${environment.command} on ${environment.host}`;
  const mark: Mark = { image, verdict, atMs: environment.now(), by };
  return (await objects.claim(key, encodeRecord('mark', key, mark, blake3))).won;
}
