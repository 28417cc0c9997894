/** When each pack was read and checked last, as `attested/` says: scrub begins with those longest ago. Policy, no safety. */
import { AttestationSchema, type PackId, parseLeaseId } from '../../store-format/index.js';
import { StoreError } from '../errors.js';
import { readRecord } from '../objects/numbered-records.js';
import type { ObjectStore } from '../objects/object-store.js';
import { mapConcurrently } from '../system/map-concurrently.js';

const READS_AHEAD = 16;

export interface LastChecks {
  /** Milliseconds since 1970; undefined for a pack that was never checked so thoroughly. */
  checkedMs(pack: PackId, depth: 'stored' | 'decoded'): number | undefined;
  /** When the scrub began that began last. */
  latestStartMs(depth: 'stored' | 'decoded'): number | undefined;
}

/** @param onUnreadable takes what is wrong with a record: what it attested counts as never checked */
export async function readLastChecks(
  objects: ObjectStore,
  onUnreadable: (error: StoreError) => void = () => {},
): Promise<LastChecks> {
  const latest = { stored: new Map<PackId, number>(), decoded: new Map<PackId, number>() };
  const starts = { stored: 0, decoded: 0 };
  const keys = (await objects.list('attested')).filter((key) => parseLeaseId(key) !== undefined);
  await mapConcurrently(keys, READS_AHEAD, async (key) => {
    try {
      const { atMs, depth, startedMs, packs } = await readRecord(
        objects,
        key,
        'attestation',
        AttestationSchema,
      );
      for (const pack of packs as PackId[]) note(latest[depth], pack, atMs);
      starts[depth] = Math.max(starts[depth], startedMs ?? 0);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.code !== 'object-missing') onUnreadable(error); // swept meanwhile
    }
  });
  // Whoever decoded a pack has read its bytes, too.
  for (const [pack, atMs] of latest.decoded) note(latest.stored, pack, atMs);
  return {
    checkedMs: (pack, depth) => latest[depth].get(pack),
    latestStartMs: (depth) => starts[depth] || undefined,
  };
}

function note(checks: Map<PackId, number>, pack: PackId, atMs: number): void {
  checks.set(pack, Math.max(atMs, checks.get(pack) ?? 0));
}
