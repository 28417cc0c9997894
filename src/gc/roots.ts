/**
 * Roots: the manifests whose entries must stay (SPEC.md, section 13, step 3). Everything in `images/` is one, but what
 * was purged (I5: for good) and is named by no pin and no lease. What cannot be read or understood stops gc (I12): it may be a root.
 */
import { EntryKind, type Manifest, type PubId, parseMark } from '../../store-format/index.js';
import { listLeases, requireId } from '../engine/leases.js';
import { listPins } from '../engine/pins.js';
import { StoreError } from '../errors.js';
import { readManifestOrTombstone } from '../images/image-heads.js';
import { type MarkInForce, readVerdict } from '../images/marks.js';
import type { ObjectStore } from '../objects/object-store.js';
import { mapConcurrently } from '../system/map-concurrently.js';

const READS_AHEAD = 16;
/** Pages whose ids are kept in memory: of an image of 8 GiB 32. */
const KEPT_PAGE_IDS = 250_000;
/** Listings begun anew before gc gives up: each time somebody else has just purged an image. */
const MAX_TRIES = 20;

/** What a root needs, besides what its pages need. */
export interface RootManifest {
  readonly pageIds: readonly Uint8Array[];
  readonly attachments: Manifest['attachments'];
}

/** Manifests never change: each is read once in a run, and again only where memory does not hold it. */
export class Manifests {
  readonly #kept = new Map<PubId, RootManifest>();
  readonly #tombstones = new Set<PubId>();
  readonly #names = new Set<string>();
  #keptPages = 0;

  constructor(private readonly objects: ObjectStore) {}

  /** Names of the images read so far. */
  get names(): ReadonlySet<string> {
    return this.#names;
  }

  /** @returns undefined for a tombstone. @throws object-missing, object-damaged, unsupported-format */
  async read(id: PubId): Promise<RootManifest | undefined> {
    const kept = this.#kept.get(id);
    if (kept !== undefined || this.#tombstones.has(id)) return kept;
    const manifest = await readManifestOrTombstone(this.objects, id);
    if (manifest === undefined) {
      this.#tombstones.add(id);
      return undefined;
    }
    const { header, pageIds, attachments } = manifest;
    requireKnownKinds(id, attachments);
    this.#names.add(header.name);
    const root = { pageIds, attachments };
    if (this.#keptPages + pageIds.length <= KEPT_PAGE_IDS && !this.#kept.has(id)) {
      this.#kept.set(id, root);
      this.#keptPages += pageIds.length;
    }
    return root;
  }
}

/** Attachments are roots' own: of a kind that is not known here, nobody can tell what it needs. */
function requireKnownKinds(id: PubId, attachments: Manifest['attachments']): void {
  const strange = attachments.find(({ kind }) => kind !== EntryKind.extents);
  if (strange === undefined) return;
  throw new StoreError(
    'unsupported-feature',
    `Image ${id} has an attachment of kind ${strange.kind}, which this version does not know, so nothing may be deleted: use a newer doppel`,
    { image: id },
  );
}

/** The mark in force, and the numbers of those below it that stand yet. */
export interface ListedMarks extends MarkInForce {
  readonly lower: readonly number[];
}

export interface Roots {
  /** Manifests whose entries must stay. */
  readonly images: ReadonlySet<PubId>;
  /** All manifests in `images/`: roots and those about to go. */
  readonly manifests: ReadonlySet<PubId>;
  /** What is marked of each image that was ever removed. */
  readonly marks: ReadonlyMap<PubId, ListedMarks>;
}

/**
 * Pins and leases are listed first, images last; marks before and after.
 *
 * @throws object-damaged, object-unreadable, unsupported-format, unsupported-feature, conflict
 */
export async function listRoots(objects: ObjectStore, manifests: Manifests): Promise<Roots> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const roots = await tryListRoots(objects, manifests);
    if (roots !== undefined) return roots;
  }
  throw new StoreError('conflict', 'Others keep purging images: run gc again', {});
}

/** @returns undefined when a purge came between, and the listing must begin anew */
async function tryListRoots(objects: ObjectStore, manifests: Manifests): Promise<Roots | undefined> {
  const marks = await listAllMarks(objects);
  const naming = await listNaming(objects);
  const listed = (await objects.list('images')).map(requireId);
  const present = new Set<PubId>();
  let vanished = false;
  await mapConcurrently(listed, READS_AHEAD, async (id) => {
    try {
      if ((await manifests.read(id)) !== undefined) present.add(id);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'object-missing') throw error;
      vanished = true; // purged since the listing: a mark tells of it
    }
  });
  const after = await listAllMarks(objects);
  const isPurged = (of: ReadonlyMap<PubId, MarkInForce>, id: PubId) => of.get(id)?.verdict === 'purged';
  if (vanished || [...after.keys()].some((id) => isPurged(after, id) && !isPurged(marks, id)))
    return undefined;
  const named = new Set<PubId>();
  for (const { key, images } of naming) {
    for (const id of images) {
      if (present.has(id)) named.add(id);
      else if ((await objects.size(key)) === undefined) return undefined; // it may have kept what is gone now
    }
  }
  const images = [...present].filter((id) => !isPurged(marks, id) || named.has(id));
  return { images: new Set(images), manifests: present, marks };
}

/** Pins, then leases: which images they name. */
async function listNaming(
  objects: ObjectStore,
): Promise<readonly { readonly key: string; readonly images: readonly PubId[] }[]> {
  const pins = await listPins(objects);
  const leases = await listLeases(objects);
  return [
    ...pins.map(({ id, images }) => ({ key: `pins/${id}`, images: images as PubId[] })),
    ...leases.map(({ id, lease }) => ({ key: `leases/${id}`, images: lease.images as PubId[] })),
  ];
}

/** As `listMarks`, but a name that is no mark's stops gc. */
async function listAllMarks(objects: ObjectStore): Promise<ReadonlyMap<PubId, ListedMarks>> {
  const numbers = new Map<PubId, number[]>();
  for (const key of await objects.list('removed')) {
    const mark = parseMark(key);
    if (mark === undefined) {
      throw new StoreError(
        'unsupported-format',
        `${key} is no mark that this version of doppel knows, so nothing may be deleted; move it away, or use a newer doppel`,
        { object: key },
      );
    }
    const known = numbers.get(mark.image);
    if (known === undefined) numbers.set(mark.image, [mark.n]);
    else known.push(mark.n);
  }
  const marks = await mapConcurrently([...numbers], READS_AHEAD, async ([image, all]) => {
    const n = Math.max(...all);
    const verdict = await readVerdict(objects, image, n);
    return [image, { n, verdict, lower: all.filter((other) => other < n) }] as const;
  });
  return new Map(marks);
}
