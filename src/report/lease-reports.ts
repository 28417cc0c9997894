/** Leases as users see them. Unlike for gc, one that cannot be read is a finding here and no reason to stop. */
import { type LeaseId, LeaseSchema, leaseKey } from '../../store-format/index.js';
import type { Findings } from '../engine/findings.js';
import { requireId } from '../engine/leases.js';
import { StoreError } from '../errors.js';
import type { KeptImage, LeaseReport, LeaseState } from '../interface.js';
import type { ObjectStore } from '../objects/object-store.js';
import { mapConcurrently } from '../system/map-concurrently.js';

/** Leases being looked at at a time. */
const CONCURRENCY = 16;

/** Tells what an image that a lease or pin keeps is called. */
export type NameKept = (publication: string) => KeptImage;

/** Oldest first; those that cannot be read come last. */
export async function reportLeases(
  objects: ObjectStore,
  nameKept: NameKept,
  findings: Findings,
): Promise<readonly LeaseReport[]> {
  const keys = await objects.list('leases');
  const reports = await mapConcurrently(keys, CONCURRENCY, async (key) => {
    const id = await findings.of(async () => requireId(key));
    return id === undefined ? undefined : reportLease(objects, id, nameKept, findings);
  });
  const found = reports.filter((report) => report !== undefined);
  return found.sort((a, b) => startMs(a) - startMs(b) || (a.id < b.id ? -1 : 1));
}

/** Undefined when the lease has ended. */
export async function reportLease(
  objects: ObjectStore,
  id: LeaseId,
  nameKept: NameKept,
  findings: Findings,
): Promise<LeaseReport | undefined> {
  // In this order one that ends meanwhile is taken for ended, not for dead.
  const state = await leaseState(objects, id);
  const lease = await findings.record(objects, leaseKey(id), 'lease', LeaseSchema);
  if (lease !== undefined) {
    const { purpose, host, pid, command, startedMs, images } = lease;
    const holder = { purpose, host, pid, command, started: new Date(startedMs) };
    return { id, state, holder, images: images.map(nameKept) };
  }
  const isThere = (await objects.size(leaseKey(id))) !== undefined;
  return isThere ? { id, state, images: [] } : undefined;
}

/** A lease that is not there counts as dead. */
export async function leaseState(objects: ObjectStore, id: LeaseId): Promise<LeaseState> {
  try {
    return (await objects.isHeld(leaseKey(id))) ? 'alive' : 'dead';
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return 'unknown'; // a lock cannot be tried where nothing can be written
  }
}

function startMs({ holder }: LeaseReport): number {
  return holder?.started.getTime() ?? Number.MAX_SAFE_INTEGER;
}
