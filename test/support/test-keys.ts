/**
 * Keys of a store in a test: a slot of full access, and one of a machine that may only write. Slots are opened by their
 * secret, as key files are, so that nothing takes the time of a passphrase.
 */

import { agreementPublicKey, signingPublicKey } from '../../src/encryption/ciphers.js';
import { Vault } from '../../src/encryption/vault.js';
import { grantTo, newKeyring, newSlotSecret, openKeyring, publicPart } from '../../src/keys/keyrings.js';
import type { SlotSecret } from '../../src/keys/slot-secret.js';
import {
  type Config,
  type Encryption,
  fromHex,
  type KeyringPayload,
  toHex,
} from '../../store-format/index.js';

type Random = (bytes: number) => Uint8Array;

/** The machine that may only write, and the images that it may publish. */
export const WRITER = 'nightly';
export const WRITERS_NAMES = ['nightly', 'nightly-*'] as const;

export interface TestKeys {
  /** 32 hex digits. */
  readonly storeId: string;
  readonly encryption: Encryption;
  readonly full: SlotSecret;
  readonly write: SlotSecret;
}

export function makeTestKeys(random: Random, nowMs = 0): TestKeys {
  const storeId = random(16);
  const fresh = newKeyring(random, nowMs);
  const writerSeed = random(32);
  const writer = {
    publicKey: toHex(signingPublicKey(writerSeed)),
    name: WRITER,
    access: 'write' as const,
    names: [...WRITERS_NAMES],
    sinceMs: nowMs,
  };
  const payload: KeyringPayload = { ...fresh, writers: [...fresh.writers, writer] };
  const { idKey, memberKeys, writers, slots } = payload;
  const common = { idKey, memberKeys, writers, slots };
  const ofWriter: KeyringPayload = {
    ...common,
    access: 'write',
    dataKeys: [],
    writerSeed: toHex(writerSeed),
    writer: WRITER,
  };
  const open = publicPart(payload);
  const owner = fromHex(open.owner);
  const [full, write] = [newSlotSecret(random, storeId, owner), newSlotSecret(random, storeId, owner)];
  const grant = (secret: SlotSecret, keyring: KeyringPayload) => {
    const slot = toHex(secret.slot);
    const publicKey = toHex(agreementPublicKey(secret.secret));
    return [slot, grantTo(slot, publicKey, keyring, storeId, random)] as const;
  };
  const grants = Object.fromEntries([grant(full, payload), grant(write, ofWriter)]);
  return { storeId: toHex(storeId), encryption: { ...open, grants }, full, write };
}

/** What a slot opens as the keys were made. */
export function vaultOf({ storeId, encryption }: TestKeys, slot: SlotSecret, random: Random): Vault {
  return new Vault(openKeyring({ storeId, encryption }, slot).keyring, random);
}

/** What a config says of a store with these keys, besides its own. */
export function keyedConfig({ storeId, encryption }: TestKeys, config: Config): Config {
  const { gearSeed: _, ...chunker } = config.chunker;
  const flags = ['sealed'];
  return {
    ...config,
    storeId,
    features: { read: flags, write: flags, collect: flags },
    chunker: { ...chunker, algorithm: 'fastcdc-keyed' },
    encryption,
  };
}
