/** A passphrase to a key (SPEC.md, "Key slots"): scrypt by default, Argon2id for those who ask for it. */
import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { fromHex, type Kdf, type KeySlot, nonceOf, SealedPart, toHex } from '../../store-format/index.js';
import { decrypt, encrypt } from '../encryption/ciphers.js';
import type { SlotSecret } from './slot-secret.js';

const deriveByScrypt = promisify<
  string,
  Uint8Array,
  number,
  { N: number; r: number; p: number; maxmem: number },
  Buffer
>(scrypt);

/** About 0.4 s and 128 MiB on a machine of 2024. */
const SCRYPT = { n: 2 ** 17, r: 8, p: 1 } as const;
/** RFC 9106's second choice. In JavaScript it takes seconds. */
const ARGON2ID = { passes: 3, memoryKib: 2 ** 16, lanes: 4 } as const;
const NONCE = nonceOf(SealedPart.key, 0); // a key for each slot
const SECRET_BYTES = 32;

/** @param salt 32 random bytes */
export function newKdf(name: Kdf['name'], salt: Uint8Array): Kdf {
  const ownSalt = toHex(salt);
  return name === 'scrypt' ? { name, salt: ownSalt, ...SCRYPT } : { name, salt: ownSalt, ...ARGON2ID };
}

/** Whether guessing costs less work or memory than with what `newKdf` asks for. */
export function isWeakerThanToday(kdf: Kdf): boolean {
  if (kdf.name === 'scrypt') {
    const { n, r, p } = SCRYPT;
    return kdf.n * kdf.r < n * r || kdf.n * kdf.r * kdf.p < n * r * p;
  }
  const { passes, memoryKib } = ARGON2ID;
  return kdf.memoryKib < memoryKib || kdf.memoryKib * kdf.passes < memoryKib * passes;
}

/**
 * Whether a slot is not even tried. All that doppel ever made cost more; these are the least that are advised anywhere (OWASP,
 * Password Storage Cheat Sheet: 16 MiB of scrypt, 7 to 46 MiB of Argon2id in one to five passes).
 */
export function isTooCheap(kdf: Kdf): boolean {
  if (kdf.name === 'scrypt') return kdf.n * kdf.r < 2 ** 17;
  return kdf.memoryKib < 2 ** 13 || kdf.memoryKib * kdf.passes < 2 ** 15;
}

async function keyOf(kdf: Kdf, passphrase: string): Promise<Uint8Array> {
  const text = passphrase.normalize('NFC');
  const salt = fromHex(kdf.salt);
  if (kdf.name === 'scrypt') {
    const { n, r, p } = kdf;
    return deriveByScrypt(text, salt, 32, { N: n, r, p, maxmem: 256 * n * r + 1024 * r * p });
  }
  const { argon2idAsync } = await import('@noble/hashes/argon2.js');
  return argon2idAsync(text, salt, { t: kdf.passes, m: kdf.memoryKib, p: kdf.lanes, dkLen: 32 });
}

export async function sealSlot(secret: SlotSecret, kdf: Kdf, passphrase: string): Promise<KeySlot> {
  const plain = Buffer.concat([secret.secret, secret.owner]);
  const sealed = encrypt(await keyOf(kdf, passphrase), NONCE, contextOf(secret), plain);
  return { id: toHex(secret.slot), kdf, sealed: toHex(sealed) };
}

/** @returns undefined when it is not this slot's passphrase */
export async function openSlot(
  { id, kdf, sealed }: KeySlot,
  storeId: Uint8Array,
  passphrase: string,
): Promise<SlotSecret | undefined> {
  const slot = fromHex(id);
  const plain = decrypt(await keyOf(kdf, passphrase), NONCE, contextOf({ storeId, slot }), fromHex(sealed));
  if (plain === undefined) return undefined;
  return { storeId, slot, secret: plain.subarray(0, SECRET_BYTES), owner: plain.subarray(SECRET_BYTES) };
}

function contextOf({ storeId, slot }: Pick<SlotSecret, 'storeId' | 'slot'>): Buffer {
  return Buffer.concat([storeId, slot, Buffer.from('doppel slot', 'latin1')]);
}
