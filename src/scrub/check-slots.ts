/**
 * Key slots: whether each that a grant is for is there, and opens something. Nobody reads them until somebody unlocks the
 * store, which is too late to find out that the only one is rotten.
 */
import { decodeRecord, KeySlotSchema, keySlotKey, parseLeaseId } from '../../store-format/index.js';
import type { Vault } from '../encryption/vault.js';
import { readConfig } from '../engine/config-records.js';
import type { Findings } from '../engine/findings.js';
import { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import { checkKeySlot } from '../objects/key-slot.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { DamagedRecord } from './check-records.js';

/** @returns those that are gone, for a mirror to bring back */
export async function checkSlots(
  objects: ObjectStore,
  vault: Vault,
  findings: Findings,
): Promise<readonly DamagedRecord[]> {
  const present = await findings.of(() => objects.list('keys'));
  const read = await findings.of(() => readConfig(objects));
  if (present === undefined || read === undefined) return [];
  const granted = new Set(Object.keys(read.config.encryption?.grants ?? {}));
  for (const key of present) {
    const id = parseLeaseId(key);
    if (id === undefined || granted.has(id)) continue;
    const message = `${key} is a slot that opens nothing: its key was removed; delete the file`;
    findings.hint({ code: 'stray-object', message, object: key });
  }
  const missing = vault.keyring.slots
    .filter(({ id, kind }) => kind === 'passphrase' && granted.has(id))
    .map(({ id }) => keySlotKey(id))
    .filter((key) => !present.includes(key));
  for (const key of missing) findings.add(slotMissing(key));
  return missing.map((key) => ({ key, kind: 'key', inForce: true, check: slotCheck(vault, key) }));
}

/** Whether these bytes would be the slot. */
export function slotCheck(vault: Vault, key: string): DamagedRecord['check'] {
  return (bytes) => {
    decodeRecord('key', key, bytes, KeySlotSchema, blake3);
    checkKeySlot(vault, key, bytes);
  };
}

function slotMissing(key: string): StoreError {
  const message = `${key} is missing: its passphrase opens the store no more; put back a good copy of the file, or "doppel key rm" it and "doppel key add" it anew`;
  return new StoreError('object-missing', message, { object: key });
}
