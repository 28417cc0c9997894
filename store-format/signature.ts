import { FormatError } from './format-error.js';

/**
 * The signature slot that packs, manifests and records carry (SPEC.md, "Signature slot"): scheme u32, reserved u32,
 * key id 32, signature 64. Scheme 0 is "not signed", and the rest is zero.
 */
export const SIGNATURE_SLOT_BYTES = 104;

/** open: Ed25519, the key id is the public key; masked: the same, with a key id that only members can make out. */
export const SignatureScheme = { none: 0, open: 1, masked: 2 } as const;
export type SignatureScheme = (typeof SignatureScheme)[keyof typeof SignatureScheme];

export interface SignatureSlot {
  readonly scheme: SignatureScheme;
  /** 32 bytes. */
  readonly keyId: Uint8Array;
  /** 64 bytes, of Ed25519. */
  readonly signature: Uint8Array;
}

/** Makes the slot for the bytes that it stands behind. */
export type Signer = (covered: Uint8Array) => SignatureSlot;

export function writeSignatureSlot(bytes: Buffer, at: number, slot: SignatureSlot | undefined): void {
  bytes.fill(0, at, at + SIGNATURE_SLOT_BYTES);
  if (slot === undefined) return;
  bytes.writeUInt32LE(slot.scheme, at);
  bytes.set(slot.keyId, at + 8);
  bytes.set(slot.signature, at + 40);
}

/** @throws FormatError when the slot is one that no writer leaves */
export function readSignatureSlot(bytes: Uint8Array, at: number, structure: string): SignatureSlot {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, SIGNATURE_SLOT_BYTES);
  const scheme = view.getUint32(0, true);
  const isKnown = scheme <= SignatureScheme.masked && view.getUint32(4, true) === 0;
  const rest = bytes.subarray(at + 8, at + SIGNATURE_SLOT_BYTES);
  if (!isKnown || (scheme === SignatureScheme.none && rest.some((byte) => byte !== 0)))
    throw new FormatError('bad-value', structure, at, 'unknown signature scheme');
  return {
    scheme: scheme as SignatureScheme,
    keyId: rest.subarray(0, 32),
    signature: rest.subarray(32),
  };
}

/** @throws FormatError when the slot is not the empty one: nothing in a store without keys is signed. */
export function checkSignatureSlot(bytes: Uint8Array, at: number, structure: string): void {
  if (readSignatureSlot(bytes, at, structure).scheme !== SignatureScheme.none)
    throw new FormatError('bad-value', structure, at, 'signed, in a store without keys');
}
