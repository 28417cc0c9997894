/** The leases of everybody: who reads and writes the store now, and how the dead are told from the living. */
import {
  encodeTombstone,
  imageKey,
  type Lease,
  type LeaseId,
  LeaseSchema,
  leaseKey,
  parseLeaseId,
} from '../../store-format/index.js';
import type { Environment } from '../environment.js';
import { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import { readRecord } from '../objects/numbered-records.js';
import type { ObjectStore } from '../objects/object-store.js';

export interface ListedLease {
  readonly id: LeaseId;
  readonly lease: Lease;
}

/** Every lease that stands now, read. @throws object-damaged, object-unreadable: it may name any image */
export async function listLeases(objects: ObjectStore): Promise<readonly ListedLease[]> {
  const found: ListedLease[] = [];
  for (const key of await objects.list('leases')) {
    const id = requireId(key);
    try {
      found.push({ id, lease: await readRecord(objects, key, 'lease', LeaseSchema) });
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'object-missing') throw error; // ended meanwhile
    }
  }
  return found;
}

/** What has a strange name may be a root of a kind that this version does not know (SPEC.md, section 2). */
export function requireId(key: string): LeaseId {
  const id = parseLeaseId(key);
  if (id !== undefined) return id;
  throw new StoreError(
    'unsupported-format',
    `${key} is nothing that this version of doppel knows, so nothing may be deleted; move it away, or use a newer doppel`,
    { object: key },
  );
}

/**
 * Ends the lease of a holder that is taken for dead. Whether it had published is decided by one claim: its own, or the
 * tombstone's (SPEC.md, I4); only then does the lease go (I8).
 *
 * @returns whether the holder had published before
 */
export async function breakLease(
  objects: ObjectStore,
  environment: Environment,
  id: LeaseId,
  by: LeaseId,
): Promise<boolean> {
  const tombstone = { pubId: id, by, atMs: environment.now(), reason: 'its holder was taken for dead' };
  const bytes = encodeTombstone(tombstone, blake3);
  const claim = await objects.claim(imageKey(id), bytes);
  await objects.delete(leaseKey(id));
  return !claim.won && Buffer.compare(claim.winner, bytes) !== 0;
}
