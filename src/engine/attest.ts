import {
  type Attestation,
  attestedKey,
  encodeRecord,
  type LeaseId,
  type PackId,
} from '../../store-format/index.js';
import { blake3 } from '../hashing/blake3.js';
import type { Engine } from './engine.js';

export interface Attested extends Pick<Attestation, 'depth' | 'startedMs'> {
  readonly packs: Iterable<PackId>;
}

/** Notes that the holder of this lease has read and checked these packs; each lease has one such note. */
export async function attest(
  { objects, environment }: Engine,
  lease: LeaseId,
  { packs, ...how }: Attested,
): Promise<void> {
  const key = attestedKey(lease);
  const record: Attestation = { lease, atMs: environment.now(), ...how, packs: [...packs] };
  if (record.packs.length > 0) await objects.claim(key, encodeRecord('attestation', key, record, blake3));
}
