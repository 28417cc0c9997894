/** Slots of the tampered stores that a passphrase opens. */
import { agreementPublicKey } from '../../../src/encryption/ciphers.js';
import { changeConfig } from '../../../src/engine/config-records.js';
import { systemEnvironment } from '../../../src/environment.js';
import { grantTo, newSlotSecret, openKeyring } from '../../../src/keys/keyrings.js';
import { writeSlot } from '../../../src/keys/new-keys.js';
import { sealSlot } from '../../../src/keys/passphrase.js';
import type { SlotSecret } from '../../../src/keys/slot-secret.js';
import { type KeySlot, keySlotKey, toHex } from '../../../store-format/index.js';
import type { StoreInMemory } from '../../support/memory-engine.js';

export const PASSPHRASE = 'correct horse battery staple';
const { random } = systemEnvironment();

/** Guarded as cheaply as is accepted: the table opens a store by passphrase many times. */
export function cheapSlot(secret: SlotSecret, passphrase: string): Promise<KeySlot> {
  return sealSlot(secret, { name: 'scrypt', n: 2 ** 14, r: 8, p: 1, salt: toHex(random(32)) }, passphrase);
}

/** @returns the key of its record */
export async function addSlot(store: StoreInMemory, passphrase: string, id: Uint8Array): Promise<string> {
  const { storeId, owner } = store.secret!;
  const objects = await store.objects();
  const secret = { ...newSlotSecret(random, storeId, owner), slot: id };
  const slot = toHex(secret.slot);
  await writeSlot(objects, objects.vault!, await cheapSlot(secret, passphrase));
  await changeConfig(objects, (config) => {
    const { payload: old } = openKeyring(config, store.secret!);
    const note = { id: slot, label: '', kind: 'passphrase', createdMs: 0 } as const;
    const payload = { ...old, slots: [...old.slots, note] };
    const { encryption } = config as Required<typeof config>;
    const publicKeys = Object.entries(encryption.grants).map(([id, grant]) => [id, grant.publicKey] as const);
    const all = [...publicKeys, [slot, toHex(agreementPublicKey(secret.secret))] as const];
    const grants = all.map(([id, key]) => [id, grantTo(id, key, payload, storeId, random)] as const);
    return { ...config, encryption: { ...encryption, grants: Object.fromEntries(grants) } };
  });
  return keySlotKey(slot);
}
