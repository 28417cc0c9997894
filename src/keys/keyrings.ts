/**
 * Keyrings, and how the config grants them to slots (SPEC.md, "Keys"). All of them follow from what somebody with full
 * access holds, so every change makes the grants that it touches anew; nothing else of the store is rewritten.
 */
import {
  type Config,
  decodePayload,
  type Encryption,
  encodePayload,
  fromHex,
  type KeyringPayload,
  KeyringSchema,
  pad,
  toHex,
  unpad,
} from '../../store-format/index.js';
import { agreementPublicKey, signingPublicKey } from '../encryption/ciphers.js';
import { openWith, sealFor } from '../encryption/grant.js';
import { type Keyring, toKeys } from '../encryption/keyring.js';
import { StoreError } from '../errors.js';
import type { SlotSecret } from './slot-secret.js';

type Random = (bytes: number) => Uint8Array;

/** Name of the writer that all with full access sign as. */
export const OWNER = 'owner';
/** Smallest class of a keyring: of ten slots and a few writers. */
const SMALLEST = 4096;

/** The keyring of a new store, for full access. */
export function newKeyring(random: Random, nowMs: number): KeyringPayload {
  const writerSeed = random(32);
  return {
    access: 'full',
    idKey: toHex(random(32)),
    memberKeys: [{ generation: 1, key: toHex(random(32)) }],
    dataKeys: [{ generation: 1, key: toHex(random(32)) }],
    ownerSeed: toHex(random(32)),
    writerSeed: toHex(writerSeed),
    writer: OWNER,
    writers: [
      {
        publicKey: toHex(signingPublicKey(writerSeed)),
        name: OWNER,
        access: 'full',
        names: [],
        sinceMs: nowMs,
      },
    ],
    slots: [],
  };
}

export function newSlotSecret(random: Random, storeId: Uint8Array, owner: Uint8Array): SlotSecret {
  return { storeId, slot: random(16), secret: random(32), owner };
}

/** What a config says of the keys that a full keyring holds, with no grants yet. */
export function publicPart(keyring: KeyringPayload): Encryption {
  return {
    scheme: 1,
    owner: toHex(signingPublicKey(fromHex(keyring.ownerSeed!))),
    generation: keyring.memberKeys.at(-1)!.generation,
    dataKeys: keyring.dataKeys.map(({ generation, key }) => ({
      generation,
      kem: 1 as const,
      publicKey: toHex(agreementPublicKey(fromHex(key))),
    })),
    grants: {},
  };
}

/** @param publicKey of the slot, 64 hex digits */
export function grantTo(
  slot: string,
  publicKey: string,
  keyring: KeyringPayload,
  storeId: Uint8Array,
  random: Random,
): Encryption['grants'][string] {
  const context = contextOf(storeId, fromHex(slot));
  const padded = pad(encodePayload(keyring), SMALLEST);
  const sealed = sealFor(fromHex(publicKey), padded, context, random(32));
  return { access: keyring.access, publicKey, sealed: toHex(sealed) };
}

/** @throws key-wrong, object-damaged */
export function openKeyring(
  config: Pick<Config, 'storeId' | 'encryption'>,
  secret: SlotSecret,
): { readonly keyring: Keyring; readonly payload: KeyringPayload } {
  const { encryption } = config;
  if (encryption === undefined || toHex(secret.storeId) !== config.storeId)
    throw new StoreError('key-wrong', 'This key is for another store');
  if (toHex(secret.owner) !== encryption.owner)
    throw new StoreError(
      'object-damaged',
      'The config names another owner than this key knows: it was swapped; put back a good copy of config/',
      { object: 'config' },
    );
  const slot = toHex(secret.slot);
  const grant = encryption.grants[slot];
  const bytes =
    grant && openWith(secret.secret, fromHex(grant.sealed), contextOf(secret.storeId, secret.slot));
  if (bytes === undefined)
    throw new StoreError(
      'key-wrong',
      `Key ${slot.slice(0, 8)} opens this store no more: it was removed; ask for another`,
    );
  const payload = decodePayload(unpad(bytes, 'keyring'), KeyringSchema, 'keyring');
  return { keyring: toKeyring(payload, encryption, secret), payload };
}

function toKeyring(payload: KeyringPayload, encryption: Encryption, secret: SlotSecret): Keyring {
  const { access, idKey, memberKeys, dataKeys, ownerSeed, writerSeed, writer, writers, slots } = payload;
  const slot = toHex(secret.slot);
  return {
    storeId: secret.storeId,
    access,
    slot,
    grant: encryption.grants[slot]!.sealed,
    owner: encryption.owner,
    ...(ownerSeed === undefined ? {} : { ownerSeed: fromHex(ownerSeed) }),
    idKey: fromHex(idKey),
    generation: encryption.generation,
    memberKeys: toKeys(memberKeys),
    publicKeys: encryption.dataKeys.map(({ generation, publicKey }) => ({
      generation,
      key: fromHex(publicKey),
    })),
    dataKeys: toKeys(dataKeys),
    writerSeed: fromHex(writerSeed),
    writer,
    writers,
    slots,
  };
}

function contextOf(storeId: Uint8Array, slot: Uint8Array): Buffer {
  return Buffer.concat([storeId, slot, Buffer.from('doppel grant', 'latin1')]);
}
