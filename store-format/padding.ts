/**
 * Padding (SPEC.md, "Padding"): what is sealed is as long as the next class of lengths, so that lengths tell little. Padmé
 * (Nikitin et al., 2019) leaves a length as many significant bits as its own logarithm has, at a cost of 12 % at most.
 */
import { FormatError } from './format-error.js';

/** The class of a length: not below `smallest`. */
export function paddedBytes(bytes: number, smallest: number): number {
  if (bytes <= smallest) return smallest;
  const exponent = Math.floor(Math.log2(bytes));
  const step = 2 ** (exponent - Math.floor(Math.log2(exponent)) - 1);
  return Math.ceil(bytes / step) * step;
}

const LENGTH_BYTES = 4;

/** Length u32, the bytes, and zeros up to the class of all that. */
export function pad(bytes: Uint8Array, smallest: number): Buffer {
  const padded = Buffer.alloc(paddedBytes(LENGTH_BYTES + bytes.length, smallest));
  padded.writeUInt32LE(bytes.length, 0);
  padded.set(bytes, LENGTH_BYTES);
  return padded;
}

/** @throws FormatError */
export function unpad(padded: Uint8Array, structure: string): Buffer {
  if (padded.length < LENGTH_BYTES) throw new FormatError('truncated', structure, 0, 'no length');
  const bytes = Buffer.from(padded.buffer, padded.byteOffset, padded.byteLength);
  const end = LENGTH_BYTES + bytes.readUInt32LE(0);
  if (end > bytes.length) throw new FormatError('truncated', structure, 0, `expected ${end} bytes`);
  if (bytes.subarray(end).some((byte) => byte !== 0))
    throw new FormatError('bad-value', structure, end, 'padding that is not zero');
  return bytes.subarray(LENGTH_BYTES, end);
}
