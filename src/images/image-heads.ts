import {
  decodeManifest,
  decodeManifestHead,
  decodeTombstone,
  FormatError,
  imageKey,
  MANIFEST_HEAD_BYTES,
  type Manifest,
  type ManifestHead,
  type ManifestHeader,
  manifestHeadBytes,
  type PubId,
  parseLeaseId,
} from '../../store-format/index.js';
import { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import type { ObjectStore } from '../objects/object-store.js';
import { mapConcurrently } from '../system/map-concurrently.js';

/** Small reads in flight at a time. */
const CONCURRENCY = 16;

export interface HeadListing {
  readonly headers: readonly ManifestHeader[];
  /** Manifests that cannot be read: their images are not in `headers`. */
  readonly unreadable: readonly StoreError[];
}

/** The heads of a store's manifests. They never change, so each is read once. */
export class ManifestHeads {
  readonly #read = new Map<PubId, ManifestHead>();

  constructor(private readonly objects: ObjectStore) {}

  /** The headers of all images that are there now, removed ones included. */
  async list(): Promise<HeadListing> {
    const ids = (await this.objects.list('images')).map(parseLeaseId).filter((id) => id !== undefined);
    const present = new Set<PubId>(ids);
    for (const id of this.#read.keys()) if (!present.has(id)) this.#read.delete(id);
    const unreadable: StoreError[] = [];
    await mapConcurrently(
      ids.filter((id) => !this.#read.has(id)),
      CONCURRENCY,
      async (id) => {
        try {
          this.#read.set(id, await readHead(this.objects, id));
        } catch (error) {
          if (!(error instanceof StoreError)) throw error;
          if (error.code !== 'object-missing') unreadable.push(error); // purged meanwhile
        }
      },
    );
    const heads = ids.map((id) => this.#read.get(id)).filter((head) => head?.kind === 'image');
    return { headers: heads.map(({ header }) => header), unreadable };
  }
}

async function readHead(objects: ObjectStore, id: PubId): Promise<ManifestHead> {
  const key = imageKey(id);
  let { bytes } = await objects.get(key, { offset: 0, length: MANIFEST_HEAD_BYTES });
  return decoding(key, async () => {
    const needed = manifestHeadBytes(bytes);
    if (needed > bytes.length) ({ bytes } = await objects.get(key, { offset: 0, length: needed }));
    return decodeManifestHead(bytes, id, blake3);
  });
}

/** All of a manifest, checked. @throws object-missing, object-damaged, object-unreadable */
export async function readManifest(objects: ObjectStore, id: PubId): Promise<Manifest> {
  const { bytes } = await objects.get(imageKey(id));
  return decoding(imageKey(id), async () => decodeManifest(bytes, id, blake3));
}

/**
 * As `readManifest`, of what may be the tombstone of a lease that was broken: then undefined.
 *
 * @throws object-missing, object-damaged, object-unreadable
 */
export async function readManifestOrTombstone(
  objects: ObjectStore,
  id: PubId,
): Promise<Manifest | undefined> {
  const { bytes } = await objects.get(imageKey(id));
  return decoding(imageKey(id), async () => {
    if (decodeManifestHead(bytes, id, blake3).kind === 'image') return decodeManifest(bytes, id, blake3);
    decodeTombstone(bytes, id, blake3);
    return undefined;
  });
}

/** Whether these bytes are the manifest or the tombstone of that image. */
export function isManifest(bytes: Uint8Array, id: PubId): boolean {
  try {
    if (decodeManifestHead(bytes, id, blake3).kind === 'image') decodeManifest(bytes, id, blake3);
    else decodeTombstone(bytes, id, blake3);
    return true;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return false;
  }
}

async function decoding<T>(key: string, decode: () => Promise<T>): Promise<T> {
  try {
    return await decode();
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    const isNewer = cause.code === 'bad-version';
    throw new StoreError(
      isNewer ? 'unsupported-format' : 'object-damaged',
      isNewer
        ? `Manifest ${key} cannot be used: ${cause.message}; use the version of doppel that wrote it`
        : `Manifest ${key} is damaged: ${cause.message}; put back a good copy of the file, or let "doppel scrub --repair" give its image up`,
      { object: key, offset: cause.offset },
      { cause },
    );
  }
}
