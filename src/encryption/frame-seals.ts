/** Frames of sealed packs: stored bytes to what stands in the pack, and back. Plain values, so that worker threads can do it. */
import {
  associatedData,
  type FrameSeal,
  nonceOf,
  paddedBytes,
  SealedPart,
  TAG_BYTES,
} from '../../store-format/layouts.js';
import { decrypt, encryptPieces } from './ciphers.js';

/** @param smallest the smallest class, in bytes. @returns pieces that follow each other: a frame is not copied once more */
export function sealFrame(
  stored: Uint8Array,
  smallest: number,
  seal: Omit<FrameSeal, 'sealedBytes'>,
): readonly Uint8Array[] {
  const padding = Buffer.alloc(paddedBytes(stored.length + TAG_BYTES, smallest) - TAG_BYTES - stored.length);
  const nonce = nonceOf(SealedPart.frame, seal.ordinal);
  return encryptPieces(seal.key, nonce, associatedDataOf(seal), [stored, padding]);
}

/** @returns the stored bytes. @throws Error when they are not what was sealed */
export function openFrame(sealed: Uint8Array, seal: FrameSeal, storedBytes: number): Buffer {
  const nonce = nonceOf(SealedPart.frame, seal.ordinal);
  const plain = decrypt(seal.key, nonce, associatedDataOf(seal), sealed);
  if (plain === undefined || plain.length < storedBytes)
    throw new RangeError('its sealed bytes are not what was written');
  return plain.subarray(0, storedBytes);
}

function associatedDataOf({ storeId, salt, ordinal }: Omit<FrameSeal, 'sealedBytes'>): Buffer {
  return associatedData(storeId, salt, SealedPart.frame, ordinal);
}
