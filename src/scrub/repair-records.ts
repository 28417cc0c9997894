/**
 * Manifests and records that nobody can use. From a mirror of the store their very bytes come back. Else a numbered record
 * is followed by one that says what the one before said; what a key alone tells is written again; and an image whose
 * manifest is gone for good is given up, unless it is pinned. Leases and pins are left to people: only they know what was
 * meant.
 */
import type * as v from 'valibot';
import {
  attestedKey,
  ConfigSchema,
  condemnedKey,
  configKey,
  damagedKey,
  encodeRecord,
  FormatError,
  GcRecordSchema,
  gcKey,
  imageKey,
  type LeaseId,
  lostKey,
  type Mark,
  NameRecordSchema,
  nameFolder,
  nameKey,
  type PubId,
  parseLeaseId,
  parseMark,
  parseNumber,
  parsePackId,
  type RecordKind,
} from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { listPins } from '../engine/pins.js';
import { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import { isManifest } from '../images/image-heads.js';
import { claimMark, findPurged } from '../images/marks.js';
import { emptyRecord } from '../images/name-records.js';
import { readHighestReadable } from '../objects/numbered-records.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { DamagedRecord } from './check-records.js';
import type { OtherStore } from './other-store.js';

export interface RecordRepairParts {
  readonly engine: Engine;
  readonly lease: LeaseId;
  readonly other: OtherStore | undefined;
  /** Names of the images. */
  readonly names: ReadonlySet<string>;
}

/** @returns keys of what was written; a damaged object that is not among them is left as it is */
export async function repairRecords(
  parts: RecordRepairParts,
  damaged: readonly DamagedRecord[],
): Promise<readonly string[]> {
  const replaced: string[] = [];
  const inForceFirst = damaged.toSorted((a, b) => Number(b.inForce) - Number(a.inForce));
  for (const record of inForceFirst) {
    const key = (await fromMirror(parts, record)) ?? (await writeAnew(parts, record));
    if (key !== undefined) replaced.push(key);
  }
  return replaced;
}

export interface ManifestRepair {
  /** Keys of manifests that came back from a mirror. */
  readonly restored: readonly string[];
  /** Images that end here: purged, as nobody can ever read them again. */
  readonly givenUp: readonly PubId[];
}

/** @param images those whose manifests cannot be decoded */
export async function repairManifests(
  { engine, other }: RecordRepairParts,
  images: readonly PubId[],
): Promise<ManifestRepair> {
  const restored = other?.isMirrorOf(engine) ? await manifestsOf(other, engine, images) : [];
  const givenUp: PubId[] = [];
  const pinned = await pinnedImages(engine);
  for (const image of images) {
    if (restored.includes(imageKey(image)) || pinned === undefined || pinned.has(image)) continue;
    if (await giveUpImage(engine, image)) givenUp.push(image);
  }
  return { restored, givenUp };
}

/**
 * What stands in `images/` is decided once (SPEC.md, I4), and goes only behind a mark that stays (I5): what the mirror has,
 * and this store neither has nor purged, was lost here.
 *
 * @returns keys of what came back
 */
async function manifestsOf(
  mirror: OtherStore,
  { objects }: Engine,
  damaged: readonly PubId[],
): Promise<readonly string[]> {
  const present = new Set(await objects.list('images'));
  const isThere = (image: PubId) => present.has(imageKey(image));
  const absent = (await mirror.listImages()).filter((image) => !isThere(image));
  const purged = await findPurged(objects, absent);
  const restored: string[] = [];
  for (const image of [...damaged, ...absent.filter((each) => !purged.has(each))]) {
    const key = imageKey(image);
    const bytes = await mirror.get(key);
    if (bytes === undefined || !isManifest(bytes, image)) continue;
    // Unopened: it must not have our signature in place of its writer's.
    const place = objects.asSealed ?? objects;
    const sealed = await mirror.getSealed(key);
    if (isThere(image)) await place.put(key, sealed);
    else await place.claim(key, sealed);
    restored.push(key);
  }
  return restored;
}

/** Whoever pinned an image decides about it. @returns undefined when a pin cannot be read: it may name any image */
async function pinnedImages({ objects }: Engine): Promise<ReadonlySet<string> | undefined> {
  try {
    return new Set((await listPins(objects)).flatMap(({ images }) => images));
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return undefined;
  }
}

/** Marks it removed, unless it is, and then purged: gc deletes the manifest. */
async function giveUpImage({ objects, environment }: Engine, image: PubId): Promise<boolean> {
  const numbers = (await objects.list('removed')).map(parseMark).filter((mark) => mark?.image === image);
  const highest = Math.max(0, ...numbers.map((mark) => mark!.n));
  for (let n = highest + 1; n <= highest + 2 - (highest % 2); n++) {
    const verdict = n % 2 === 1 ? 'removed' : 'purged';
    if (!(await claimMark(objects, environment, image, n, verdict))) return false; // somebody else decides
  }
  return true;
}

/** Immutable objects of a mirror are the same bytes under the same keys. */
async function fromMirror(
  { engine, other }: RecordRepairParts,
  { key, check }: DamagedRecord,
): Promise<string | undefined> {
  if (other === undefined || !other.isMirrorOf(engine) || key.startsWith('leases/')) return undefined;
  const bytes = await other.get(key);
  if (bytes === undefined) return undefined;
  try {
    check(bytes);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return undefined;
  }
  await engine.objects.put(key, bytes);
  return key;
}

async function writeAnew(
  { engine, lease, names }: RecordRepairParts,
  { key, kind, inForce }: DamagedRecord,
): Promise<string | undefined> {
  const { environment } = engine;
  const atMs = environment.now();
  const number = parseNumber(key);
  if (number !== undefined && inForce) return followUp(engine, lease, key, number + 1, kind, names);
  const put = async (payload: unknown) => {
    await engine.objects.put(key, encodeRecord(kind, key, payload, blake3));
    return key;
  };
  if (number !== undefined) {
    const value = await inForceBeside(engine, key, kind);
    return value === undefined ? undefined : put(value);
  }
  const pack = parsePackId(key);
  const id = parseLeaseId(key);
  if (key === (pack && condemnedKey(pack))) return put({ pack, gc: lease, atMs });
  if (key === (pack && damagedKey(pack))) return put({ pack, atMs, reason: 'its record was damaged' });
  if (key === (id && lostKey(id))) return put({ id, atMs, entries: [] }); // what is lost still is recorded anew
  if (key === (id && attestedKey(id))) return put({ lease: id, atMs, depth: 'stored', packs: [] });
  const mark = parseMark(key);
  if (mark === undefined) return undefined;
  if (engine.objects.vault !== undefined) await restoreInDoubt(engine, mark.image, mark.n);
  return put(await markAgain(engine, mark.image, mark.n));
}

/**
 * Where objects are signed, a mark that nobody can use may be a forged one: an image must not go by it. The next mark says so
 * before this one can be read as "removed".
 */
async function restoreInDoubt({ objects, environment }: Engine, image: PubId, n: number): Promise<void> {
  if (n % 2 === 1) await claimMark(objects, environment, image, n + 1, 'restored');
}

/** Odd numbers say "removed". Of an even one the manifest tells: it is gone after a purge, else the image may stay. */
async function markAgain({ objects, environment }: Engine, image: PubId, n: number): Promise<Mark> {
  const isThere = (await objects.size(imageKey(image))) !== undefined;
  const verdict = n % 2 === 1 ? 'removed' : isThere ? 'restored' : 'purged';
  return { image, verdict, atMs: environment.now(), by: `${environment.command} on ${environment.host}` };
}

/** Nobody obeys a record that was replaced: what stands in for it if the one in force fails may as well say the same. */
async function inForceBeside({ objects }: Engine, key: string, kind: RecordKind): Promise<unknown> {
  const folder = key.slice(0, key.lastIndexOf('/'));
  const schema = kind === 'config' ? ConfigSchema : kind === 'gc' ? GcRecordSchema : NameRecordSchema;
  return lastSaid<unknown>(objects, folder, kind, schema);
}

/**
 * The record in force cannot be read: the next one says what the one before said, and then so does this one, so that
 * there are two again.
 */
async function followUp(
  engine: Engine,
  lease: LeaseId,
  key: string,
  next: number,
  kind: RecordKind,
  names: ReadonlySet<string>,
): Promise<string | undefined> {
  const folder = key.slice(0, key.lastIndexOf('/'));
  const claim = async (nextKey: string, payload: unknown) => {
    const { won } = await engine.objects.claim(nextKey, encodeRecord(kind, nextKey, payload, blake3));
    if (!won) return undefined;
    await engine.objects.put(key, encodeRecord(kind, key, payload, blake3));
    return nextKey;
  };
  if (kind === 'config') {
    const value = await lastSaid(engine.objects, folder, kind, ConfigSchema);
    return value && claim(configKey(next), value);
  }
  if (kind === 'gc') {
    const atMs = engine.environment.now();
    const nothing = { condemnedPacks: 0, unlinkedPacks: 0, rewrittenBytes: 0, freedBytes: 0 };
    return claim(gcKey(next), { lease, startedMs: atMs, finished: { atMs, ...nothing } });
  }
  const name = [...names].find((each) => nameFolder(each, blake3) === folder);
  if (name === undefined) return undefined;
  const value = await lastSaid(engine.objects, folder, 'name', NameRecordSchema);
  return claim(nameKey(folder, next), value ?? emptyRecord(name));
}

/** What is damaged is passed over; what cannot be read now must not be forgotten. @throws object-unreadable */
async function lastSaid<T>(
  objects: ObjectStore,
  folder: string,
  kind: RecordKind,
  schema: v.GenericSchema<unknown, T>,
): Promise<T | undefined> {
  const isDamaged = ({ code }: StoreError) => code === 'object-damaged';
  return (await readHighestReadable(objects, folder, kind, schema, isDamaged)).value;
}
