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
import { isTooCheap, isWeakerThanToday, openSlot } from './passphrase.js';
import { decodeSlotSecret, type SlotSecret } from './slot-secret.js';

export interface Unlocked {
  readonly secret: SlotSecret;
  /** A passphrase whose parameters make it easier to guess than today's do. */
  readonly isWeak: boolean;
}

/** Each costs some tenths of a second: whoever serves a store could offer any number. */
export const MAX_PASSPHRASE_SLOTS = 64;

/**
 * @param owner whom the client remembers, 64 hex digits: then no other's slots are tried
 * @throws key-wrong, bad-key, object-damaged
 */
export async function unlock(
  objects: ObjectStore,
  config: Config,
  secret: Secret,
  owner?: string,
): Promise<Unlocked> {
  if (secret.kind === 'passphrase') return unlockByPassphrase(objects, config, secret.passphrase, owner);
  const decoded = decodeSlotSecret(secret.text);
  if (toHex(decoded.storeId) !== config.storeId)
    throw new StoreError('key-wrong', `This key is for another store than ${objects.location}`);
  return { secret: decoded, isWeak: false };
}

/**
 * Slots stand in clear, so a server could add some that its own guesses of the passphrase open. Each has to cost it what a
 * slot costs at least, and whether one opened shows in nothing that is done then, unless the owner signed it.
 */
async function unlockByPassphrase(
  objects: ObjectStore,
  config: Config,
  passphrase: string,
  owner: string | undefined,
): Promise<Unlocked> {
  const { location } = objects;
  const storeId = fromHex(config.storeId);
  let damage: StoreError | undefined;
  for (const key of await listSlots(objects, config)) {
    try {
      const { slot, bytes } = await readSlot(objects, key);
      if (owner !== undefined) requireOwnersRecord({ storeId, owner }, key, bytes);
      const secret = await openSlot(slot, storeId, passphrase);
      if (secret === undefined) continue;
      requireOwnersRecord({ storeId, owner: toHex(secret.owner) }, key, bytes);
      return { secret, isWeak: isWeakerThanToday(slot.kdf) };
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.code !== 'object-missing') damage ??= error; // one that cannot be used hides no other
    }
  }
  throw damage ?? new StoreError('key-wrong', `Wrong passphrase for store ${location}`, { store: location });
}

/** Keys of passphrase slots, in no order. One without a grant was removed, and the file is still there. */
async function listSlots(objects: ObjectStore, { encryption }: Config): Promise<readonly string[]> {
  const isGranted = (key: string) => encryption?.grants[parseLeaseId(key) ?? ''] !== undefined;
  const keys = (await objects.list('keys')).filter(isGranted);
  if (keys.length <= MAX_PASSPHRASE_SLOTS) return keys;
  const message = `Store ${objects.location} shows ${keys.length} passphrase slots, and no store has more than ${MAX_PASSPHRASE_SLOTS}: open it with a key file, and put back good copies of config/ and keys/`;
  throw new StoreError('key-wrong', message, { store: objects.location });
}

async function readSlot(
  objects: ObjectStore,
  key: string,
): Promise<{ readonly slot: KeySlot; readonly bytes: Uint8Array }> {
  const { bytes, size } = await objects.get(key);
  const fetched = { location: objects.location, list: async () => [key], get: async () => ({ bytes, size }) };
  const slot = await readRecord(fetched, key, 'key', KeySlotSchema);
  if (!isTooCheap(slot.kdf)) return { slot, bytes };
  const message = `${key} is not tried: its parameters make a passphrase too easy to guess; if it is yours, put back a good copy of the file`;
  throw new StoreError('object-damaged', message, { object: key });
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
