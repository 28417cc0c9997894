/** Deletes records that say nothing any more. Each step stands alone: what a crash leaves, the next run deletes. */
import {
  AttestationSchema,
  attestedKey,
  condemnedKey,
  damagedKey,
  type LeaseId,
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

/** One that cannot be read attests nothing, and names no root: it is told and left. */
async function sweepAttestations({ objects, warn }: Engine, present: ReadonlySet<PackId>): Promise<void> {
  for (const key of await objects.list('attested')) {
    const id: LeaseId | undefined = parseLeaseId(key);
    if (id === undefined) continue;
    try {
      const { packs } = await readRecord(objects, key, 'attestation', AttestationSchema);
      if (!packs.some((pack) => present.has(pack as PackId))) await objects.delete(attestedKey(id));
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      warn({ code: 'object-skipped', message: error.message });
    }
  }
}
