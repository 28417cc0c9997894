/** A key slot in a store with keys: in clear, signed by the owner. */
import { decodeEnvelope, FormatError, RecordKind } from '../../store-format/index.js';
import type { Vault } from '../encryption/vault.js';
import { blake3 } from '../hashing/blake3.js';

const STRUCTURE = 'key slot';

/** @throws FormatError when the owner did not sign it */
export function checkKeySlot(vault: Vault, key: string, bytes: Uint8Array): void {
  const { kind, key: ownKey, slot, covered } = decodeEnvelope(bytes, STRUCTURE, blake3);
  if (kind !== RecordKind.key || ownKey !== key)
    throw new FormatError('misplaced', STRUCTURE, 16, `belongs at ${ownKey}`);
  vault.requireOwner(slot, covered, STRUCTURE);
}
