/** The keys of a new store, with the slot of whoever makes it. */
import { type Encryption, encodeRecord, type KeySlot, keySlotKey, toHex } from '../../store-format/index.js';
import { agreementPublicKey } from '../encryption/ciphers.js';
import { Vault } from '../encryption/vault.js';
import type { Environment } from '../environment.js';
import { blake3 } from '../hashing/blake3.js';
import type { EncryptOptions } from '../interface.js';
import type { ObjectStore } from '../objects/object-store.js';
import { grantTo, newKeyring, newSlotSecret, openKeyring, publicPart } from './keyrings.js';
import { newKdf, sealSlot } from './passphrase.js';
import { encodeSlotSecret } from './slot-secret.js';

export interface NewKeys {
  readonly encryption: Encryption;
  readonly vault: Vault;
  readonly slot?: KeySlot;
}

export async function newKeys(
  environment: Environment,
  storeId: Uint8Array,
  { passphrase, kdf = 'scrypt', onKey }: EncryptOptions,
): Promise<NewKeys> {
  if (passphrase === undefined && onKey === undefined)
    throw new TypeError('Without a passphrase the key must go somewhere: give onKey');
  const random = (bytes: number) => environment.random(bytes);
  const createdMs = environment.now();
  const fresh = newKeyring(random, createdMs);
  const open = publicPart(fresh);
  const secret = newSlotSecret(random, storeId, Buffer.from(open.owner, 'hex'));
  const id = toHex(secret.slot);
  const kind = passphrase === undefined ? 'file' : 'passphrase';
  const payload = { ...fresh, slots: [{ id, label: '', kind, createdMs } as const] };
  const publicKey = toHex(agreementPublicKey(secret.secret));
  const encryption = { ...open, grants: { [id]: grantTo(id, publicKey, payload, storeId, random) } };
  const { keyring } = openKeyring({ storeId: toHex(storeId), encryption }, secret);
  const vault = new Vault(keyring, random);
  await onKey?.(encodeSlotSecret(secret));
  if (passphrase === undefined) return { encryption, vault };
  return { encryption, vault, slot: await sealSlot(secret, newKdf(kdf, random(32)), passphrase) };
}

/** In clear, signed by the owner. */
export async function writeSlot(objects: ObjectStore, vault: Vault, slot: KeySlot): Promise<void> {
  const key = keySlotKey(slot.id);
  await objects.claim(key, encodeRecord('key', key, slot, blake3, vault.signAsOwner));
}
