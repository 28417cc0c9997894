/** Objects of other stores and of other writers, each for the place of one of ours. */
import { Vault } from '../../../src/encryption/vault.js';
import { systemEnvironment } from '../../../src/environment.js';
import { blake3 } from '../../../src/hashing/blake3.js';
import { grantTo, openKeyring } from '../../../src/keys/keyrings.js';
import { SealedStore } from '../../../src/objects/sealed-store.js';
import {
  type Config,
  ConfigSchema,
  decodeRecord,
  encodeRecord,
  fromHex,
  KeySlotSchema,
  nameFolder,
  type PackKind,
  toHex,
} from '../../../store-format/index.js';
import { StoreInMemory } from '../../support/memory-engine.js';
import { MemoryPlace, MemoryStore } from '../../support/memory-store.js';
import {
  type PreparedImage,
  type PreparedStore,
  packIn,
  writtenPacks,
} from '../damage-table/prepared-store.js';
import type { KindName } from './kinds.js';
import { withKey } from './right-hashes.js';
import { cheapSlot, PASSPHRASE } from './slots.js';

/** Objects as they lie in a store, by their keys in ours. */
export type Objects = ReadonlyMap<string, Buffer>;

const { random } = systemEnvironment();

/** Records and manifests of a store in clear, under the keys that they would have without keys. */
async function* openedOf({
  store,
}: PreparedStore): AsyncGenerator<readonly [plain: string, key: string, bytes: Buffer]> {
  const objects = await store.objects();
  for (const key of store.place.objects.keys()) {
    if (key.startsWith('packs/') || key.startsWith('keys/')) continue;
    const plain = key.replace(/^tags\/[^/]+/, nameFolder('web', blake3)); // the only name with records
    yield [plain, key, (await objects.get(plain)).bytes];
  }
}

export interface Forgeries {
  /** As in a store without keys. */
  readonly clear: Objects;
  readonly forged: Objects;
}

/**
 * Whoever has all that members have, and seals for readers as everybody can: only the signature is of a key that nobody
 * knows. A server has less.
 */
export async function forgedBy(prepared: PreparedStore): Promise<Forgeries> {
  const { vault } = await prepared.store.objects();
  const { dataKeys: _, ...keyring } = vault!.keyring;
  const forger = new Vault(
    { ...keyring, dataKeys: [], writerSeed: random(32), ownerSeed: random(32) },
    random,
  );
  const place = new MemoryPlace();
  const objects = new SealedStore(new MemoryStore(place), forger);
  const clear = new Map<string, Buffer>();
  for await (const [plain, key, bytes] of openedOf(prepared)) {
    await objects.put(plain, bytes);
    clear.set(key, key.startsWith('images/') ? bytes : withKey(bytes, key));
  }
  for (const [key, { id }] of slotsOf(prepared)) {
    const secret = { ...prepared.store.secret!, slot: fromHex(id), secret: random(32) };
    const slot = await cheapSlot(secret, 'a guess');
    place.objects.set(key, encodeRecord('key', key, slot, blake3, forger.signAsOwner));
  }
  return { clear, forged: place.objects };
}

function slotsOf({ store: { place } }: PreparedStore) {
  return place
    .keysIn('keys')
    .map((key) => [key, decodeRecord('key', key, place.objects.get(key)!, KeySlotSchema, blake3)] as const);
}

/** Another store with all of our keys, whose objects say what ours say. */
export async function twinOf(
  prepared: PreparedStore,
): Promise<(kind: KindName, key: string) => Buffer | undefined> {
  const { store: ours, images } = prepared;
  const { vault } = await ours.objects();
  const storeId = Buffer.from(random(16));
  const secret = { ...ours.secret!, storeId };
  const twinVault = new Vault({ ...vault!.keyring, storeId }, random);
  const place = new MemoryPlace();
  const objects = new SealedStore(new MemoryStore(place), twinVault);
  for await (const [plain, , bytes] of openedOf(prepared))
    await objects.put(plain, plain.startsWith('config/') ? ofStore(plain, bytes, prepared, storeId) : bytes);
  for (const [key, { id }] of slotsOf(prepared)) {
    const slot = await cheapSlot({ ...secret, slot: fromHex(id) }, PASSPHRASE);
    place.objects.set(key, encodeRecord('key', key, slot, blake3, twinVault.signAsOwner));
  }
  const configs = [...place.objects].filter(([key]) => key.startsWith('config/'));
  const other = new StoreInMemory(new MemoryPlace(new Map(configs)), secret);
  const packs = await packsOf(other, images.mail.bytes);
  return (kind, key) => (kind in packs ? packs[kind as keyof typeof packs] : place.objects.get(key));
}

/** What this config would be there. */
function ofStore(key: string, bytes: Buffer, { store }: PreparedStore, storeId: Buffer): Buffer {
  const config: Config = decodeRecord('config', key, bytes, ConfigSchema, blake3);
  const secret = store.secret!;
  const slot = toHex(secret.slot);
  const { encryption } = config as Required<Config>;
  const { publicKey } = encryption.grants[slot]!;
  const grant = grantTo(slot, publicKey, openKeyring(config, secret).payload, storeId, random);
  const there = { ...encryption, grants: { [slot]: grant } };
  return encodeRecord('config', key, { ...config, storeId: toHex(storeId), encryption: there }, blake3);
}

async function packsOf(store: StoreInMemory, bytes: Buffer) {
  const { publication } = await store.capture(bytes, 'mail');
  const written = await writtenPacks(store);
  const packOf = (kind: keyof typeof PackKind) =>
    store.place.objects.get(packIn(written, { publication } as PreparedImage, kind))!;
  return { 'data pack': packOf('data'), 'meta pack': packOf('meta') };
}
