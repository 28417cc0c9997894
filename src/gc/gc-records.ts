/** Records in `gc/`: a run announces itself, and says what it did. One at a time is a courtesy, not what safety rests on. */
import {
  encodeRecord,
  type GcRecord,
  GcRecordSchema,
  gcKey,
  type LeaseId,
  leaseKey,
} from '../../store-format/index.js';
import { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import { readHighest } from '../objects/numbered-records.js';
import type { ObjectStore } from '../objects/object-store.js';

/** @throws gc-running when the highest record is of a run that goes on */
export async function announceRun(objects: ObjectStore, lease: LeaseId, startedMs: number): Promise<void> {
  const highest = await readHighest(objects, 'gc', 'gc', GcRecordSchema);
  if (highest !== undefined && (await isRunning(objects, highest.value))) throw gcRunning(objects);
  if (!(await claimRecord(objects, (highest?.n ?? 0) + 1, { lease, startedMs }))) throw gcRunning(objects);
}

/** Whether the run that this record began goes on. */
export async function isRunning(objects: ObjectStore, record: GcRecord): Promise<boolean> {
  if (record.finished !== undefined) return false;
  const key = leaseKey(record.lease as LeaseId);
  return (await objects.size(key)) !== undefined && (await objects.isHeld(key));
}

/** Whoever came meanwhile took this run for dead: its records count then. */
export async function recordEnd(objects: ObjectStore, record: GcRecord): Promise<void> {
  const highest = await readHighest(objects, 'gc', 'gc', GcRecordSchema);
  if (highest?.value.lease === record.lease) await claimRecord(objects, highest.n + 1, record);
}

async function claimRecord(objects: ObjectStore, n: number, record: GcRecord): Promise<boolean> {
  const key = gcKey(n);
  return (await objects.claim(key, encodeRecord('gc', key, record, blake3))).won;
}

function gcRunning(objects: ObjectStore): StoreError {
  return new StoreError(
    'gc-running',
    `Another gc works on ${objects.location}; let it end, or look at it with "doppel doctor"`,
    { store: objects.location },
  );
}
