/** Opens a store that has keys: from what the user gives to a keyring that the owner vouches for. */
import {
  type Config,
  decodeEnvelope,
  FormatError,
  fromHex,
  type KeySlot,
  KeySlotSchema,
  parseLeaseId,
  toHex,
} from '../../store-format/index.js';
import { requireOwner, Vault } from '../encryption/vault.js';
import { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import type { Secret } from '../interface.js';
import { type RecordSource, readRecord } from '../objects/numbered-records.js';
import type { Fetched, ObjectStore } from '../objects/object-store.js';
import { openKeyring } from './keyrings.js';
import { isWeakerThanToday, openSlot } from './passphrase.js';
import { decodeSlotSecret, type SlotSecret } from './slot-secret.js';

export interface Unlocked {
  readonly secret: SlotSecret;
  /** A passphrase whose parameters make it easier to guess than today's do. */
  readonly isWeak: boolean;
}

/** @throws key-wrong, bad-key, object-damaged */
export async function unlock(objects: ObjectStore, config: Config, secret: Secret): Promise<Unlocked> {
  if (secret.kind === 'key') {
    const decoded = decodeSlotSecret(secret.text);
    if (toHex(decoded.storeId) !== config.storeId)
      throw new StoreError('key-wrong', `This key is for another store than ${objects.location}`);
    return { secret: decoded, isWeak: false };
  }
  const storeId = fromHex(config.storeId);
  const { slots, damage } = await readSlots(objects);
  for (const slot of slots) {
    if (config.encryption?.grants[slot.id] === undefined) continue; // removed, and the file is still there
    const opened = await openSlot(slot, storeId, secret.passphrase);
    if (opened !== undefined) return { secret: opened, isWeak: isWeakerThanToday(slot.kdf) };
  }
  throw (
    damage ??
    new StoreError('key-wrong', `Wrong passphrase for store ${objects.location}`, { store: objects.location })
  );
}

/** Passphrase slots, in no order. One that cannot be read hides no other. */
export async function readSlots(
  objects: ObjectStore,
): Promise<{ readonly slots: readonly KeySlot[]; readonly damage?: StoreError }> {
  const slots: KeySlot[] = [];
  let damage: StoreError | undefined;
  const keys = (await objects.list('keys')).filter((key) => parseLeaseId(key) !== undefined);
  for (const key of keys) {
    try {
      slots.push(await readRecord(objects, key, 'key', KeySlotSchema));
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.code !== 'object-missing') damage ??= error;
    }
  }
  return damage === undefined ? { slots } : { slots, damage };
}

/**
 * A place's configs, of which each needs the signature of the owner whom the slot knows. Anybody can seal a keyring for a
 * slot, whose public key all can see: nothing that a config says of keys counts before this was looked at. They are listed
 * and fetched once, as a place could show others the next time: what was judged is what is used.
 */
export function ownersConfigs(
  place: RecordSource,
  { storeId, owner }: Pick<SlotSecret, 'storeId' | 'owner'>,
): RecordSource {
  const pinned = { storeId, owner: toHex(owner) };
  const fetched = new Map<string, Fetched>();
  let listed: Promise<string[]> | undefined;
  return {
    location: place.location,
    list: (folder) => {
      listed ??= place.list(folder);
      return listed;
    },
    get: async (key) => {
      const config = fetched.get(key) ?? (await place.get(key).catch(listAnew));
      fetched.set(key, config);
      requireOwnersRecord(pinned, key, config.bytes);
      return config;
    },
  };

  /** What was listed and is gone has a newer one. */
  function listAnew(error: unknown): never {
    listed = undefined;
    throw error;
  }
}

/**
 * The vault that a slot's secret opens.
 *
 * @param config one of `ownersConfigs`
 * @throws key-wrong, object-damaged
 */
export function openVault(config: Config, secret: SlotSecret, random: (bytes: number) => Uint8Array): Vault {
  return new Vault(openKeyring(config, secret).keyring, random);
}

/** @throws object-damaged when the owner did not sign the record */
function requireOwnersRecord(
  pinned: Parameters<typeof requireOwner>[0],
  key: string,
  bytes: Uint8Array,
): void {
  try {
    const { slot, covered } = decodeEnvelope(bytes, 'record', blake3);
    requireOwner(pinned, slot, covered, 'record');
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new StoreError(
      'object-damaged',
      `${key} cannot be used: ${cause.message}`,
      { object: key },
      { cause },
    );
  }
}
