import {
  decodeManifest,
  decodeManifestHead,
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

/** The headers of all images in the store, removed ones included. */
export async function listHeads(objects: ObjectStore): Promise<HeadListing> {
  const ids = (await objects.list('images')).map(parseLeaseId).filter((id) => id !== undefined);
  const headers: ManifestHeader[] = [];
  const unreadable: StoreError[] = [];
  await mapConcurrently(ids, CONCURRENCY, async (id) => {
    try {
      const head = await readHead(objects, id);
      if (head.kind === 'image') headers.push(head.header);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.code !== 'object-missing') unreadable.push(error); // purged meanwhile
    }
  });
  return { headers, unreadable };
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
        : `Manifest ${key} is damaged: ${cause.message}; put back a good copy of the file, or move it away to give its image up`,
      { object: key, offset: cause.offset },
      { cause },
    );
  }
}
