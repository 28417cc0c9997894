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
import type { Stray } from '../images/stray-hint.js';
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
  readonly #strays = new Map<PubId, Stray>();
  #keptPages = 0;

  constructor(private readonly objects: ObjectStore) {}

  /** Names of the images read so far. */
  get names(): ReadonlySet<string> {
    return this.#names;
  }

  /** Of the images read so far, those that count for nothing but must stay: somebody decides about them. */
  get strays(): readonly Stray[] {
    return [...this.#strays.values()];
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
    const { name, signedBy } = header;
    if (signedBy?.allowed === false) this.#strays.set(id, { publication: id, name, writer: signedBy.writer });
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

/** Numbers of an image's marks that stand now. What the highest says is read only where that decides something. */
export interface MarkNumbers {
  readonly highest: number;
  readonly lower: readonly number[];
}

export interface Roots {
  /** Manifests whose entries must stay. */
  readonly images: ReadonlySet<PubId>;
  /** All manifests in `images/`: roots and those about to go. */
  readonly manifests: ReadonlySet<PubId>;
  /** What the marks say of the manifests: those that were ever removed. */
  readonly verdicts: ReadonlyMap<PubId, MarkInForce>;
  /** Of every image that was ever removed, gone ones included. */
  readonly marks: ReadonlyMap<PubId, MarkNumbers>;
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
  const marks = await listMarkNumbers(objects);
  const naming = await listNaming(objects);
  const listed = (await objects.list('images')).map(requireId);
  const read = await readPresent(manifests, listed);
  if (read === undefined) return undefined;
  const { present, damaged } = read;
  const verdicts = await readVerdicts(objects, marks, present);
  if (verdicts === undefined || (await hasNewPurge(objects, marks))) return undefined;
  const named = new Set<PubId>();
  for (const { key, images } of naming) {
    for (const id of images) {
      if (present.has(id)) named.add(id);
      else if ((await objects.size(key)) === undefined) return undefined; // it may have kept what is gone now
    }
  }
  const isRoot = (id: PubId) => verdicts.get(id)?.verdict !== 'purged' || named.has(id);
  // What was purged is no root, whatever stands there: repair gives an image up so whose manifest cannot be read.
  for (const [id, error] of damaged) if (isRoot(id)) throw error;
  const images = [...present].filter(isRoot);
  return { images: new Set(images), manifests: present, verdicts, marks };
}

interface PresentImages {
  readonly present: ReadonlySet<PubId>;
  /** Those among them that cannot be read, and why. */
  readonly damaged: ReadonlyMap<PubId, StoreError>;
}

/** @returns the images among them, without tombstones; undefined when one was purged since the listing */
async function readPresent(
  manifests: Manifests,
  listed: readonly PubId[],
): Promise<PresentImages | undefined> {
  const present = new Set<PubId>();
  const damaged = new Map<PubId, StoreError>();
  const whole = await orVanished(() =>
    mapConcurrently(listed, READS_AHEAD, async (id) => {
      try {
        if ((await manifests.read(id)) !== undefined) present.add(id);
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'object-damaged') throw error;
        present.add(id);
        damaged.set(id, error);
      }
    }),
  );
  return whole && { present, damaged };
}

/** @returns undefined when a mark went since the listing: it was below a purge mark */
async function readVerdicts(
  objects: ObjectStore,
  marks: ReadonlyMap<PubId, MarkNumbers>,
  present: ReadonlySet<PubId>,
): Promise<ReadonlyMap<PubId, MarkInForce> | undefined> {
  const marked = [...present].filter((image) => marks.has(image));
  const verdicts = await orVanished(() =>
    mapConcurrently(marked, READS_AHEAD, async (image) => {
      const n = marks.get(image)!.highest;
      return [image, { n, verdict: await readVerdict(objects, image, n) }] as const;
    }),
  );
  return verdicts && new Map(verdicts);
}

/** Whether an image was purged since these marks were listed. */
async function hasNewPurge(objects: ObjectStore, marks: ReadonlyMap<PubId, MarkNumbers>): Promise<boolean> {
  for (const [image, { highest }] of await listMarkNumbers(objects)) {
    if (highest === marks.get(image)?.highest) continue;
    const verdict = await orVanished(() => readVerdict(objects, image, highest));
    if (verdict === undefined || verdict === 'purged') return true;
  }
  return false;
}

/** @returns undefined for what was there when it was listed, and is gone */
async function orVanished<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'object-missing') throw error;
    return undefined;
  }
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

/** As listed; a name that is no mark's stops gc. */
async function listMarkNumbers(objects: ObjectStore): Promise<ReadonlyMap<PubId, MarkNumbers>> {
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
  const marks = new Map<PubId, MarkNumbers>();
  for (const [image, all] of numbers) {
    const highest = Math.max(...all);
    marks.set(image, { highest, lower: all.filter((n) => n < highest) });
  }
  return marks;
}
