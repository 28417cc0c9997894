/** What gc does about the leases of others: it waits for the living and ends those of the dead. */
import { type LeaseId, leaseKey } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { breakLease, type ListedLease, listLeases } from '../engine/leases.js';

const POLL_MS = 500;

/** Leases whose holders live now. */
export async function listLiving({ objects }: Engine): Promise<readonly ListedLease[]> {
  const living: ListedLease[] = [];
  for (const listed of await listLeases(objects))
    if (await objects.isHeld(leaseKey(listed.id))) living.push(listed);
  return living;
}

/** The leases that stand now, but this run's own. */
export async function listOthers({ objects }: Engine, own: LeaseId): Promise<Set<LeaseId>> {
  return new Set((await listLeases(objects)).map(({ id }) => id).filter((id) => id !== own));
}

/** Takes those away that have ended, and ends those whose holders are dead. */
export async function dropEnded(engine: Engine, leases: Set<LeaseId>, own: LeaseId): Promise<void> {
  for (const id of leases) if (await hasEnded(engine, id, own)) leases.delete(id);
}

export interface WaitOptions {
  /** This run's own. */
  readonly own: LeaseId;
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Told with how many are waited for. */
  readonly onWaiting: (leases: number) => void;
}

/**
 * Waits until these leases have ended (SPEC.md, section 13, step 7).
 *
 * @param leases those that ended are taken away
 */
export async function waitForLeases(
  engine: Engine,
  leases: Set<LeaseId>,
  { own, waitMs, signal, onWaiting }: WaitOptions,
): Promise<void> {
  const { environment } = engine;
  const deadline = environment.monotonic() + waitMs;
  for (;;) {
    await dropEnded(engine, leases, own);
    const leftMs = deadline - environment.monotonic();
    if (leases.size === 0 || leftMs <= 0) return;
    onWaiting(leases.size);
    await environment.sleep(Math.min(POLL_MS, leftMs), signal);
    signal?.throwIfAborted();
  }
}

async function hasEnded(engine: Engine, id: LeaseId, own: LeaseId): Promise<boolean> {
  const { objects, environment } = engine;
  if ((await objects.size(leaseKey(id))) === undefined) return true;
  if (await objects.isHeld(leaseKey(id))) return false;
  if ((await objects.size(leaseKey(id))) === undefined) return true; // ended between the two looks
  await breakLease(objects, environment, id, own);
  engine.warn({
    code: 'lease-broken',
    message: `The process that held lease ${id.slice(0, 8)} is gone: its lease was ended`,
  });
  return true;
}
