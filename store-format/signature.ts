import { FormatError } from './format-error.js';

/**
 * The signature slot that packs, manifests and records carry (SPEC.md, "Signature slot"): scheme u32, reserved u32,
 * key id 32, signature 64. Scheme 0 is "not signed" and the rest is zero; signed stores will set a required flag.
 */
export const SIGNATURE_SLOT_BYTES = 104;

export function writeEmptySignatureSlot(bytes: Buffer, at: number): void {
  bytes.fill(0, at, at + SIGNATURE_SLOT_BYTES);
}

/** @throws FormatError when the slot is not the empty one: format 0 knows no other scheme. */
export function checkSignatureSlot(bytes: Uint8Array, at: number, structure: string): void {
  for (let i = at; i < at + SIGNATURE_SLOT_BYTES; i++) {
    if (bytes[i] !== 0) throw new FormatError('bad-value', structure, i, 'unknown signature scheme');
  }
}
