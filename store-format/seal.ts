/**
 * Seal: what stands before sealed bytes and tells who can open them (SPEC.md, "Sealing"). Layouts alone: the ciphers are
 * the caller's.
 *
 *   scheme u16 | KEM u16 | generation u32 | salt 32 | ephemeral key 32 | wrapped object key 48
 *
 * Sealed for members (KEM 0), the object's key follows from the member key of that generation and the salt; for readers
 * (KEM 1, X25519), it is wrapped to the store's public key.
 */
import { FormatError } from './format-error.js';

export const SEAL_BYTES = 120;
export const SALT_BYTES = 32;
/** Of AES-256-GCM. */
export const TAG_BYTES = 16;
export const KEY_BYTES = 32;
export const WRAPPED_KEY_BYTES = KEY_BYTES + TAG_BYTES;

const SCHEME = 1;
const STRUCTURE = 'seal';

export const Kem = { members: 0, readers: 1 } as const;
export type Kem = (typeof Kem)[keyof typeof Kem];

export interface Seal {
  readonly kem: Kem;
  readonly generation: number;
  /** 32 bytes, drawn anew for each object. */
  readonly salt: Uint8Array;
  /** Zero where nothing is wrapped. */
  readonly ephemeral: Uint8Array;
  readonly wrapped: Uint8Array;
}

/** What a sealed part of an object is: no two parts share a nonce, and none passes for another. */
export const SealedPart = {
  key: 0,
  frame: 1,
  packIds: 2,
  packRows: 3,
  manifestHeader: 4,
  manifestBody: 5,
  record: 6,
} as const;
export type SealedPart = (typeof SealedPart)[keyof typeof SealedPart];

export function encodeSeal({ kem, generation, salt, ephemeral, wrapped }: Seal): Buffer {
  const bytes = Buffer.alloc(SEAL_BYTES);
  bytes.writeUInt16LE(SCHEME, 0);
  bytes.writeUInt16LE(kem, 2);
  bytes.writeUInt32LE(generation, 4);
  bytes.set(salt, 8);
  bytes.set(ephemeral, 40);
  bytes.set(wrapped, 72);
  return bytes;
}

/** @throws FormatError */
export function decodeSeal(bytes: Uint8Array): Seal {
  if (bytes.length < SEAL_BYTES) throw new FormatError('truncated', STRUCTURE, bytes.length, 'no seal');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const scheme = view.getUint16(0, true);
  if (scheme !== SCHEME) throw new FormatError('bad-value', STRUCTURE, 0, `scheme ${scheme}`);
  const kem = view.getUint16(2, true);
  if (kem !== Kem.members && kem !== Kem.readers)
    throw new FormatError('bad-value', STRUCTURE, 2, `KEM ${kem}`);
  const wrap = bytes.subarray(40, SEAL_BYTES);
  if (kem === Kem.members && wrap.some((byte) => byte !== 0))
    throw new FormatError('bad-value', STRUCTURE, 40, 'a wrapped key that nobody needs');
  return {
    kem,
    generation: view.getUint32(4, true),
    salt: bytes.subarray(8, 40),
    ephemeral: bytes.subarray(40, 72),
    wrapped: bytes.subarray(72, SEAL_BYTES),
  };
}

/** Of AES-256-GCM: part u32, ordinal u64. A key seals one object, so part and ordinal never come twice under it. */
export function nonceOf(part: SealedPart, ordinal: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32LE(part, 0);
  nonce.writeBigUInt64LE(BigInt(ordinal), 4);
  return nonce;
}

/**
 * What is authenticated besides: store, salt, part, ordinal, and where the object stands, in so far as its bytes do not
 * tell (a pack's name follows from its bytes, and is left out).
 *
 * @param storeId 16 bytes
 */
export function associatedData(
  storeId: Uint8Array,
  salt: Uint8Array,
  part: SealedPart,
  ordinal: number,
  key = '',
): Buffer {
  return Buffer.concat([storeId, salt, nonceOf(part, ordinal), Buffer.from(key, 'latin1')]);
}
