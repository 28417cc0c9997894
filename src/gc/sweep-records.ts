/** Deletes records that say nothing any more. Each step stands alone: what a crash leaves, the next run deletes. */
import {
  type Attestation,
  AttestationSchema,
  condemnedKey,
  damagedKey,
  nameFolder,
  nameKey,
  type PackId,
  packKey,
  parseLeaseId,
  parseNumber,
} from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import { finishKeyChange } from '../keys/change-keys.js';
import { readRecord } from '../objects/numbered-records.js';
import { listPacks, type PackListing } from '../packs/list-packs.js';

/** The highest is in force; readers fall back to the one before when it is damaged. */
const KEPT_RECORDS = 2;

/** @param lost records in `lost/` that excuse nothing */
export async function sweepRecords(
  engine: Engine,
  names: Iterable<string>,
  lost: readonly string[],
): Promise<void> {
  await finishKeyChange(engine);
  for (const folder of ['config', 'gc']) await sweepNumbered(engine, folder);
  for (const name of names) await sweepNumbered(engine, nameFolder(name, blake3));
  const listing = await listPacks(engine.objects);
  await sweepPackRecords(engine, listing);
  await sweepAttestations(engine, listing.present);
  for (const key of lost) await engine.objects.delete(key);
  await engine.objects.sweep();
}

async function sweepNumbered({ objects }: Engine, folder: string): Promise<void> {
  const numbers = (await objects.list(folder)).map(parseNumber).filter((n) => n !== undefined);
  const old = numbers.sort((a, b) => b - a).slice(KEPT_RECORDS);
  for (const n of old) await objects.delete(nameKey(folder, n));
}

/** Records about packs that are gone. Seen to be gone is not durably gone: their folders are synced first. */
async function sweepPackRecords(
  { objects }: Engine,
  { present, condemned, damaged }: PackListing,
): Promise<void> {
  const isGone = (id: PackId) => !present.has(id);
  const keys = [
    ...[...condemned].filter(isGone).map((id) => [id, condemnedKey(id)] as const),
    ...[...damaged].filter(isGone).map((id) => [id, damagedKey(id)] as const),
  ];
  if (keys.length === 0) return;
  await objects.settle(keys.map(([id]) => packKey(id)));
  for (const [, key] of keys) await objects.delete(key);
}

/**
 * Those whose packs are gone, and those of scrubs whose packs a later one has attested as thoroughly. What gc and repair
 * attest stays as long as their packs: it tells who wrote them. One that cannot be read attests nothing, and names no
 * root: it is told and left.
 */
async function sweepAttestations({ objects, warn }: Engine, present: ReadonlySet<PackId>): Promise<void> {
  const attestations: AttestationObject[] = [];
  for (const key of await objects.list('attested')) {
    if (parseLeaseId(key) === undefined) continue;
    try {
      attestations.push({ key, ...(await readRecord(objects, key, 'attestation', AttestationSchema)) });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      warn({ code: 'object-skipped', message: error.message });
    }
  }
  const counted = { stored: new Set<string>(), decoded: new Set<string>() };
  for (const { key, depth, packs, startedMs } of attestations.toSorted(latestFirst)) {
    const isScrub = startedMs !== undefined;
    const says = packs.some((pack) => present.has(pack as PackId) && !(isScrub && counted[depth].has(pack)));
    if (!says) await objects.delete(key);
    if (!isScrub) continue;
    for (const pack of packs) {
      counted.stored.add(pack); // whoever decoded a pack has read its bytes, too
      counted[depth].add(pack);
    }
  }
}

type AttestationObject = Attestation & { readonly key: string };

function latestFirst(a: AttestationObject, b: AttestationObject): number {
  return b.atMs - a.atMs || (a.key < b.key ? -1 : 1);
}
