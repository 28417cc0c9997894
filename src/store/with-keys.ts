/** Making and opening stores with keys: all of it that needs what knows keys. */
import { type Config, fromHex } from '../../store-format/index.js';
import type { Vault } from '../encryption/vault.js';
import { type ReadConfig, readConfig } from '../engine/config-records.js';
import type { Engine } from '../engine/engine.js';
import type { Environment } from '../environment.js';
import { StoreError } from '../errors.js';
import type { ImageMemory } from '../images/image-memory.js';
import type { OpenOptions, StoreKeys } from '../interface.js';
import { type NewKeys, writeSlot } from '../keys/new-keys.js';
import type { SlotSecret } from '../keys/slot-secret.js';
import { OpenStoreKeys } from '../keys/store-keys.js';
import { openVault, ownersConfigs, unlock } from '../keys/unlock.js';
import type { ClientMemory } from '../memory/client-memory.js';
import { defaultStateFolder } from '../memory/memory-folder.js';
import { MemoryOfImages } from '../memory/memory-of-images.js';
import { OwnWork } from '../memory/own-work.js';
import type { ObjectStore } from '../objects/object-store.js';
import { SealedStore } from '../objects/sealed-store.js';

export { newKeys } from '../keys/new-keys.js';

export interface Unlocked extends ReadConfig {
  readonly objects: ObjectStore;
  readonly secret: SlotSecret;
  readonly images: ImageMemory | undefined;
  readonly ownWork: OwnWork | undefined;
}

const WEAK_KEY =
  'This passphrase is guarded by weaker parameters than doppel uses today: "doppel key change" guards it, or a new one, better';

/**
 * The store's objects as they are without keys, and a config that the owner vouches for: whoever opens a store knows its
 * owner. What the owner has signed may still be an older config than was seen.
 *
 * @throws key-needed, key-wrong, bad-key, object-damaged
 */
export async function openWithKeys(
  place: ObjectStore,
  found: Config & { readonly encryption: NonNullable<Config['encryption']> },
  memory: ClientMemory | undefined,
  options: OpenOptions,
  environment: Environment,
): Promise<Unlocked> {
  const { unlock: ask, onWarning } = options;
  if (ask === undefined) throw keyNeeded(place.location);
  const owner = memory?.ownerOf(found.storeId);
  const locked = owner === undefined ? found : await configOf(place, found.storeId, owner);
  const slots = Object.keys(locked.encryption?.grants ?? {});
  const given = await ask({ id: found.storeId, location: place.location, slots });
  const { secret, isWeak } = await unlock(place, locked, given, owner);
  if (isWeak) onWarning?.({ code: 'weak-key', message: WEAK_KEY });
  const configs = ownersConfigs(place, secret);
  const { config } = await readConfig(configs);
  const vault = openVault(config, secret, (bytes) => environment.random(bytes));
  const images = memory && new MemoryOfImages(memory, vault.keyring);
  const objects = new SealedStore(place, vault, images && (() => images.seen()));
  const opened = await readConfig(objects.opened(configs));
  const rolledBack = await memory?.judgeConfig(configs, opened.config, opened.damage !== undefined);
  const ownWork = ownWorkOf(vault, options);
  return { objects, secret, images, ownWork, ...opened, ...(rolledBack && { damage: rolledBack }) };
}

/** Who remembers the owner need not look at what others say. */
async function configOf(place: ObjectStore, storeId: string, owner: string): Promise<Config> {
  const pinned = { storeId: fromHex(storeId), owner: fromHex(owner) };
  return (await readConfig(ownersConfigs(place, pinned))).config;
}

/** Whoever can read the store needs no copy of what it says. */
function ownWorkOf(vault: Vault, { stateFolder, onWarning }: OpenOptions): OwnWork | undefined {
  const folder = stateFolder ?? defaultStateFolder();
  if (vault.canRead || folder === undefined || folder === false) return undefined;
  return new OwnWork(folder, vault.keyring, onWarning ?? (() => undefined));
}

export function openKeys(engine: Engine, secret: SlotSecret): StoreKeys {
  return new OpenStoreKeys(engine, secret);
}

/** The objects of a new store, with the slot of whoever makes it. */
export async function initWithKeys(place: ObjectStore, { slot, vault }: NewKeys): Promise<ObjectStore> {
  if (slot !== undefined) await writeSlot(place, vault, slot);
  return new SealedStore(place, vault);
}

function keyNeeded(location: string): StoreError {
  return new StoreError(
    'key-needed',
    `Store ${location} has keys: give a passphrase (--passphrase-file, --passphrase-command, DOPPEL_PASSPHRASE) or a key file (--key-file)`,
    { store: location },
  );
}
