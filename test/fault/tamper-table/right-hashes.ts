/** What a server can do that has no keys: lengths and hashes, which stand in clear, fit again whatever it changed. */
import { blake3 } from '../../../src/hashing/blake3.js';
import { type PackId, packKey, toHex } from '../../../store-format/index.js';
import type { Layout } from '../damage-table/regions.js';

const HASH_BYTES = 32;
const TRAILER_BYTES = 176;
const FOOTER_AT = 8; // in the trailer
const FOOTER_LENGTH_AT = 16;
const HASH_BEFORE_AT = 40;
const SEAL_BYTES = 120;
const MANIFEST_HEAD_BYTES = 56;

export interface Tampered {
  /** That of the object, or, of a pack, that which its bytes give it. */
  readonly key: string;
  readonly bytes: Buffer;
}

/** @param footer where it begins, if not where the trailer says */
export function withRightHashes(
  layout: Layout,
  key: string,
  bytes: Buffer,
  footer = layout.endsWith('pack') ? footerOf(bytes) : 0,
): Tampered {
  const right = Buffer.from(bytes);
  if (layout.endsWith('pack')) {
    const hashAt = right.length - TRAILER_BYTES + HASH_BEFORE_AT;
    right.set(blake3(right.subarray(0, hashAt)), hashAt);
    return { key: packKey(toHex(blake3(right.subarray(footer))) as PackId), bytes: right };
  }
  if (layout === 'sealed manifest') {
    const header = right.subarray(MANIFEST_HEAD_BYTES, MANIFEST_HEAD_BYTES + SEAL_BYTES + headerBytes(right));
    right.set(blake3(Buffer.concat([right.subarray(0, 24), header])), 24);
  }
  const hashAt = right.length - HASH_BYTES;
  right.set(blake3(right.subarray(0, hashAt)), hashAt);
  return { key, bytes: right };
}

export function footerOf(pack: Buffer): number {
  return Number(pack.readBigUInt64LE(pack.length - TRAILER_BYTES + FOOTER_AT));
}

/** Of a manifest with a wrong length, as much as there is. */
function headerBytes(manifest: Buffer): number {
  return manifest.readUInt32LE(8);
}

/** A record that says it belongs where it is put. */
export function withKey(record: Buffer, key: string): Buffer {
  const end = 16 + record.readUInt32LE(8);
  const head = Buffer.from(record.subarray(0, 16));
  head.writeUInt32LE(key.length, 8);
  return Buffer.concat([head, Buffer.from(key, 'latin1'), record.subarray(end)]);
}

/** What lengths in clear a region has, by layout: where they stand, from which end. */
const LENGTHS: Readonly<Record<string, readonly [from: 'start' | 'footer' | 'trailer', at: number]>> = {
  'record payload': ['start', 12],
  'sealed record payload': ['start', 12],
  'sealed manifest header': ['start', 8],
  'sealed manifest body': ['start', 12],
  'sealed pack ids': ['footer', 128],
  'sealed pack rows': ['footer', 132],
};

/** Bytes taken out of a region's end, and all lengths told anew. */
export function cut(
  layout: Layout,
  region: string,
  bytes: Buffer,
  end: number,
  count: number,
): { readonly bytes: Buffer; readonly footer?: number } {
  const shorter = Buffer.concat([bytes.subarray(0, end - count), bytes.subarray(end)]);
  const lengthAt = LENGTHS[`${layout} ${region}`];
  if (layout !== 'sealed pack') {
    shorter.writeUInt32LE(bytes.readUInt32LE(lengthAt![1]) - count, lengthAt![1]);
    return { bytes: shorter };
  }
  const trailer = shorter.length - TRAILER_BYTES;
  const oldFooter = footerOf(bytes);
  if (lengthAt === undefined) {
    shorter.writeBigUInt64LE(BigInt(oldFooter - count), trailer + FOOTER_AT);
    return { bytes: shorter, footer: oldFooter - count };
  }
  const at = oldFooter + lengthAt[1];
  shorter.writeUInt32LE(shorter.readUInt32LE(at) - count, at);
  shorter.writeUInt32LE(shorter.readUInt32LE(trailer + FOOTER_LENGTH_AT) - count, trailer + FOOTER_LENGTH_AT);
  return { bytes: shorter, footer: oldFooter };
}
