/**
 * When each pack was read and checked last, as scrubs have noted in `attested/`: the next one begins with those longest ago.
 * What gc and repair attest of packs that they wrote says that the entries were good, and not what the disk made of the file.
 * Policy, no safety.
 */
import { AttestationSchema, type PackId, parseLeaseId } from '../../store-format/index.js';
import { StoreError } from '../errors.js';
import type { ScrubDepth } from '../interface.js';
import { readRecord } from '../objects/numbered-records.js';
import type { ObjectStore } from '../objects/object-store.js';
import { mapConcurrently } from '../system/map-concurrently.js';

const READS_AHEAD = 16;

export interface LastChecks {
  /** Milliseconds since 1970; undefined for a pack that was never checked so thoroughly. */
  checkedMs(pack: PackId, depth: ScrubDepth): number | undefined;
  /** Packs never change: one that was decoded is what it was while its bytes match its checksum. */
  wasDecoded(pack: PackId): boolean;
  /** When the scrub began that began last. */
  readonly latestStartMs: number | undefined;
}

/** What stands in a record that cannot be read counts as never checked. */
export async function readLastChecks(objects: ObjectStore): Promise<LastChecks> {
  const read = new Map<PackId, number>();
  const decoded = new Map<PackId, number>();
  let latestStartMs = 0;
  const keys = (await objects.list('attested')).filter((key) => parseLeaseId(key) !== undefined);
  await mapConcurrently(keys, READS_AHEAD, async (key) => {
    try {
      const { startedMs, atMs, depth, packs } = await readRecord(
        objects,
        key,
        'attestation',
        AttestationSchema,
      );
      if (startedMs === undefined) return;
      for (const pack of packs as PackId[]) {
        note(read, pack, atMs);
        if (depth === 'decoded') note(decoded, pack, atMs);
      }
      latestStartMs = Math.max(latestStartMs, startedMs);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  });
  return {
    checkedMs: (pack, depth) => {
      if (depth === 'redecoded') return decoded.get(pack);
      return depth === 'stored' || decoded.has(pack) ? read.get(pack) : undefined;
    },
    wasDecoded: (pack) => decoded.has(pack),
    latestStartMs: latestStartMs || undefined,
  };
}

function note(checks: Map<PackId, number>, pack: PackId, atMs: number): void {
  checks.set(pack, Math.max(atMs, checks.get(pack) ?? 0));
}
