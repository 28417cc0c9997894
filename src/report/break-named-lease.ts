/** Ends the lease of a holder that hangs or was stopped: what gc does for the dead by itself, on a user's word. */
import { type LeaseId, parseLeaseId } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { Findings } from '../engine/findings.js';
import { HeldLease } from '../engine/lease.js';
import { breakLease } from '../engine/leases.js';
import { StoreError } from '../errors.js';
import type { BrokenLease } from '../interface.js';
import { keptImageNames } from './kept-images.js';
import { reportLease } from './lease-reports.js';

/** @throws unknown-reference, ambiguous-reference */
export async function breakNamedLease(engine: Engine, text: string): Promise<BrokenLease> {
  const { objects, environment } = engine;
  const id = findLease(text, await objects.list('leases'));
  const { headers } = await engine.library.heads();
  const lease = await reportLease(objects, id, keptImageNames(headers), new Findings());
  if (lease === undefined) throw unknownLease(text);
  const own = await HeldLease.take(objects, environment, 'doctor');
  try {
    return { lease, published: await breakLease(objects, environment, id, own.id) };
  } finally {
    await own.release();
  }
}

function findLease(text: string, keys: readonly string[]): LeaseId {
  const ids = keys.map(parseLeaseId).filter((id) => id !== undefined);
  const found = /^[0-9a-f]+$/.test(text) ? ids.filter((id) => id.startsWith(text)) : [];
  if (found.length > 1) {
    throw new StoreError(
      'ambiguous-reference',
      `There are ${found.length} leases that begin with ${text}; give more digits`,
      { reference: text, candidates: found },
    );
  }
  if (found[0] === undefined) throw unknownLease(text);
  return found[0];
}

function unknownLease(text: string): StoreError {
  return new StoreError(
    'unknown-reference',
    `There is no lease "${text}", or it has ended; "doppel doctor" lists the leases`,
    { reference: text },
  );
}
