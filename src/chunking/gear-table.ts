import { blake3 } from '@noble/hashes/blake3.js';
import { fromHex } from '../../store-format/layouts.js';

/**
 * The gear table of a chunker: 256 pseudo-random u32, from BLAKE3 keyed with the seed and extended to 1 KiB
 * (SPEC.md, "Cutting"). Made once per process, so the portable library serves.
 */
export function gearTable(seed: string): Int32Array {
  const bytes = blake3(new TextEncoder().encode('doppel gear'), { key: fromHex(seed), dkLen: 1024 });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int32Array.from({ length: 256 }, (_, i) => view.getInt32(4 * i, true));
}
