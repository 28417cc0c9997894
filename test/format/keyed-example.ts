/** The keys of section 17's examples, as the library takes them. */
import type { Keyring } from '../../src/encryption/keyring.js';
import { Vault } from '../../src/encryption/vault.js';
import { SealedStore } from '../../src/objects/sealed-store.js';
import { fromHex } from '../../store-format/index.js';
import { MemoryPlace, MemoryStore } from '../support/memory-store.js';
import { jsonBlock } from './spec-document.js';

const { secret, public: open } = jsonBlock('keys-given') as Record<string, Record<string, string>>;

const bytesOf = (texts: Readonly<Record<string, string>>, name: string): Buffer => fromHex(texts[name]!);

/** Bytes of a given secret. */
export const given = (name: string): Buffer => bytesOf(secret!, name);
export const publicKey = (name: string): Buffer => bytesOf(open!, name);
export const derived = (name: string): Buffer => bytesOf(jsonBlock('keys-derived'), name);
export const repeated = (byte: string, length = 32): Buffer => Buffer.alloc(length, fromHex(byte));

export const KEYRING: Keyring = {
  storeId: given('storeId'),
  access: 'full',
  slot: secret!.slot!,
  grant: '',
  owner: open!.owner!,
  ownerSeed: given('ownerSeed'),
  idKey: given('idKey'),
  generation: 1,
  memberKeys: [{ generation: 1, key: given('memberKey') }],
  publicKeys: [{ generation: 1, key: publicKey('dataKey') }],
  dataKeys: [{ generation: 1, key: given('dataKey') }],
  writerSeed: given('writerSeed'),
  writer: 'owner',
  writers: jsonBlock('grant').keyring.writers,
  slots: [],
};

/** A vault that draws these bytes, one after the other, where it draws at random. */
export function vaultDrawing(...bytes: readonly string[]): Vault {
  const draws = [...bytes];
  return new Vault(KEYRING, (length) => {
    const byte = draws.shift();
    if (byte === undefined) throw new Error('It draws once more than the example says');
    return repeated(byte, length);
  });
}

/** A sealed store in memory, and what stands in its place. */
export function storeDrawing(...bytes: readonly string[]) {
  const place = new MemoryPlace();
  return { store: new SealedStore(new MemoryStore(place), vaultDrawing(...bytes)), stored: place.objects };
}
