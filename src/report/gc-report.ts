/** What the records in `gc/` tell: a run claims one when it begins, and one more when it has finished. */
import { type GcRecord, GcRecordSchema, gcKey, type LeaseId, parseNumber } from '../../store-format/index.js';
import type { Findings } from '../engine/findings.js';
import type { GcReport } from '../interface.js';
import type { ObjectStore } from '../objects/object-store.js';
import { leaseState } from './lease-reports.js';

export async function reportGc(objects: ObjectStore, findings: Findings): Promise<GcReport> {
  const numbers = await listRuns(objects);
  let report: GcReport = {};
  for (const n of numbers) {
    const record = await findings.record(objects, gcKey(n), 'gc', GcRecordSchema);
    if (record?.finished !== undefined) return { ...report, finished: toFinished(record, record.finished) };
    if (record === undefined || n !== numbers[0]) continue; // an older run without an end was killed
    const state = await leaseState(objects, record.lease as LeaseId);
    // It may have finished between the listing and the look at its lease.
    if (state !== 'alive' && (await listRuns(objects))[0] !== n) return reportGc(objects, findings);
    report = { unfinished: { lease: record.lease, started: new Date(record.startedMs), state } };
  }
  return report;
}

/** Numbers of the records, the highest first. */
async function listRuns(objects: ObjectStore): Promise<number[]> {
  const numbers = (await objects.list('gc')).map(parseNumber).filter((n) => n !== undefined);
  return numbers.sort((a, b) => b - a);
}

function toFinished(
  { startedMs }: GcRecord,
  { atMs, condemnedPacks, unlinkedPacks, rewrittenBytes, freedBytes }: NonNullable<GcRecord['finished']>,
): NonNullable<GcReport['finished']> {
  const times = { started: new Date(startedMs), finished: new Date(atMs) };
  return { ...times, condemnedPacks, unlinkedPacks, rewrittenBytes, freedBytes };
}
