/** Keys of a store in a test: opened by the text of a key file, so that nothing takes the time of a passphrase. */

import type { Vault } from '../../src/encryption/vault.js';
import type { Environment } from '../../src/environment.js';
import { newKeys } from '../../src/keys/new-keys.js';
import { decodeSlotSecret, type SlotSecret } from '../../src/keys/slot-secret.js';
import { type Config, type Encryption, fromHex } from '../../store-format/index.js';

export interface FirstKey {
  readonly encryption: Encryption;
  readonly vault: Vault;
  /** Opens the slot with full access that the store is made with. */
  readonly secret: SlotSecret;
}

/** @param storeId 32 hex digits */
export async function makeFirstKey(environment: Environment, storeId: string): Promise<FirstKey> {
  let text = '';
  const onKey = async (key: string) => {
    text = key;
  };
  const { encryption, vault } = await newKeys(environment, fromHex(storeId), { onKey });
  return { encryption, vault, secret: decodeSlotSecret(text) };
}

/** What the config of a store says once it has keys. */
export function keyedConfig(config: Config, encryption: Encryption): Config {
  const { gearSeed: _, ...chunker } = config.chunker;
  const flags = ['sealed'];
  return {
    ...config,
    features: { read: flags, write: flags, collect: flags },
    chunker: { ...chunker, algorithm: 'fastcdc-keyed' },
    encryption,
  };
}
