/** The keys of an open store, as plain values that cross threads. */
import { fromHex, type KeyringPayload, type Writer } from '../../store-format/index.js';
import { deriveKey, signingPublicKey } from './ciphers.js';

export interface GenerationKey {
  readonly generation: number;
  readonly key: Uint8Array;
}

export interface Keyring {
  /** 16 bytes. */
  readonly storeId: Uint8Array;
  readonly access: KeyringPayload['access'];
  /** The slot that it was opened with, 32 hex digits. */
  readonly slot: string;
  /** What the config grants the slot, in hex: where it says anything else, keys were changed since. */
  readonly grant: string;
  /** Public key that signs the config, 64 hex digits. */
  readonly owner: string;
  readonly ownerSeed?: Uint8Array;
  readonly idKey: Uint8Array;
  /** What is sealed is sealed for this one. */
  readonly generation: number;
  readonly memberKeys: readonly GenerationKey[];
  /** X25519 public keys. */
  readonly publicKeys: readonly GenerationKey[];
  /** X25519 secret keys; none for who may only write. */
  readonly dataKeys: readonly GenerationKey[];
  readonly writerSeed: Uint8Array;
  readonly writer: string;
  readonly writers: readonly Writer[];
  readonly slots: KeyringPayload['slots'];
}

const NO_SALT = new Uint8Array(0);

/** The gear table's seed, 64 hex digits: a config with keys does not say it. */
export function gearSeedOf({ idKey }: Pick<Keyring, 'idKey'>): string {
  return deriveKey(idKey, NO_SALT, 'doppel gear').toString('hex');
}

/** Who signs with a masked key id is made out with this. */
export function maskKeyOf({ idKey }: Pick<Keyring, 'idKey'>): Buffer {
  return deriveKey(idKey, NO_SALT, 'doppel signer');
}

/** Of names of objects: the folder of a name's records. */
export function nameKeyOf({ idKey }: Pick<Keyring, 'idKey'>): Buffer {
  return deriveKey(idKey, NO_SALT, 'doppel name');
}

/** Of entries. */
export function entryKeyOf({ idKey }: Pick<Keyring, 'idKey'>): Buffer {
  return deriveKey(idKey, NO_SALT, 'doppel entry');
}

export function keyOf(keys: readonly GenerationKey[], generation: number): Uint8Array | undefined {
  return keys.find((key) => key.generation === generation)?.key;
}

/** Public key of the writer that this keyring signs as, 64 hex digits. */
export function ownWriterKey({ writerSeed }: Pick<Keyring, 'writerSeed'>): string {
  return signingPublicKey(writerSeed).toString('hex');
}

export function toKeys(
  keys: readonly { readonly generation: number; readonly key: string }[],
): GenerationKey[] {
  return keys.map(({ generation, key }) => ({ generation, key: fromHex(key) }));
}
