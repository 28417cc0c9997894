/** Makes the hashes of a changed structure right again, so that a test reaches the check behind them. */
import { type PackId, toHex } from '../../store-format/index.js';
import { patched } from './byte-fields.js';
import { sha } from './oracle.js';

/** Records, and the end of manifests. */
export function resealEnd(bytes: Uint8Array): Buffer {
  const hashAt = bytes.length - 32;
  return patched(bytes, hashAt, sha(bytes.subarray(0, hashAt)));
}

export function resealManifest(bytes: Buffer): Buffer {
  const header = bytes.subarray(56, 56 + bytes.readUInt32LE(8));
  return resealEnd(patched(bytes, 24, sha(bytes.subarray(0, 24), header)));
}

/** The name that a pack with this footer and trailer would have. */
export function packIdOf(pack: Buffer): PackId {
  const footerBytes = pack.readUInt32LE(pack.length - 176 + 16);
  return toHex(sha(pack.subarray(pack.length - 176 - footerBytes))) as PackId;
}
