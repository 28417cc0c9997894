/**
 * A config in a store with keys: in clear, signed by the owner. What it says of names (retention policies) is sealed for
 * members, in its field `sealed`.
 */
import {
  type Config,
  ConfigSchema,
  decodeEnvelope,
  decodePayload,
  encodeEnvelope,
  encodePayload,
  FormatError,
  fromHex,
  Kem,
  PoliciesSchema,
  pad,
  RecordKind,
  SEAL_BYTES,
  SealedPart,
  toHex,
  unpad,
} from '../../store-format/index.js';
import type { Vault } from '../encryption/vault.js';
import { blake3 } from '../hashing/blake3.js';

const STRUCTURE = 'config record';
const SMALLEST = 1024;

/** @param plain a record that says its policies in clear */
export function closeConfig(vault: Vault, key: string, plain: Uint8Array): Buffer {
  const { body } = decodeEnvelope(plain, STRUCTURE, blake3);
  const { policies, ...config } = decodePayload(body, ConfigSchema, STRUCTURE);
  const seal = vault.seal(Kem.members);
  const part = vault.sealPart(seal, SealedPart.record, pad(encodePayload(policies ?? {}), SMALLEST), key);
  const sealed = toHex(Buffer.concat([seal.bytes, part]));
  const envelope = { kind: RecordKind.config, key, body: encodePayload({ ...config, sealed }) };
  return encodeEnvelope(envelope, blake3, vault.signAsOwner);
}

/** @throws FormatError when the owner did not sign it */
export function openConfig(vault: Vault, key: string, bytes: Uint8Array): Buffer {
  const { kind, key: ownKey, body, slot, covered } = decodeEnvelope(bytes, STRUCTURE, blake3);
  if (kind !== RecordKind.config || ownKey !== key)
    throw new FormatError('misplaced', STRUCTURE, 16, `belongs at ${ownKey}`);
  vault.requireOwner(slot, covered, STRUCTURE);
  const { sealed, policies: open, ...config } = decodePayload(body, ConfigSchema, STRUCTURE);
  if (sealed === undefined || open !== undefined)
    throw new FormatError('bad-value', STRUCTURE, 16, 'its policies are not sealed');
  const sealedBytes = fromHex(sealed);
  const part = vault.openPart(
    vault.openSeal(sealedBytes, Kem.members),
    SealedPart.record,
    sealedBytes.subarray(SEAL_BYTES),
    key,
  );
  const policies = decodePayload(unpad(part, STRUCTURE), PoliciesSchema, STRUCTURE);
  const plain: Config = Object.keys(policies).length === 0 ? config : { ...config, policies };
  return encodeEnvelope({ kind, key, body: encodePayload(plain) }, blake3);
}
