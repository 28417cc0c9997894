/** Makes hashes right again where a structure ends in one, in the fast implementation: in place, on a buffer of our own. */
import { crc32 } from 'node:zlib';
import { crc32cRaw } from '../../src/disk-layout/probes/crc32c.js';
import { blake3 } from '../../src/hashing/blake3.js';
import { SEAL_BYTES } from '../../store-format/index.js';
import { decodeDisk, type Run, viewOf } from './sparse-disk.js';

const HASH_BYTES = 32;
const HEADER_AT = 56;
export const SLOT_BYTES = 104;

/** Records, and the end of manifests. */
export function sealEnd(bytes: Buffer): Buffer {
  if (bytes.length >= HASH_BYTES) {
    const hashAt = bytes.length - HASH_BYTES;
    bytes.set(blake3(bytes.subarray(0, hashAt)), hashAt);
  }
  return bytes;
}

/** Header and end. */
export function sealManifest(bytes: Buffer): Buffer {
  const headerEnd = bytes.length < HEADER_AT ? 0 : HEADER_AT + bytes.readUInt32LE(8);
  if (headerEnd >= HEADER_AT && headerEnd <= bytes.length) {
    bytes.set(blake3(Buffer.concat([bytes.subarray(0, 24), bytes.subarray(HEADER_AT, headerEnd)])), 24);
  }
  return sealEnd(bytes);
}

/** Header part with its seal, and end. */
export function sealSealedManifest(bytes: Buffer): Buffer {
  const headerEnd = bytes.length < HEADER_AT ? 0 : HEADER_AT + SEAL_BYTES + bytes.readUInt32LE(8);
  if (headerEnd >= HEADER_AT && headerEnd <= bytes.length)
    bytes.set(blake3(Buffer.concat([bytes.subarray(0, 24), bytes.subarray(HEADER_AT, headerEnd)])), 24);
  return sealEnd(bytes);
}

/** What a forger of disks would make right: both checksums of a primary GPT, those of LVM labels and of ext. */
export function sealDisk(input: Buffer): Buffer {
  const { runs } = decodeDisk(input);
  for (const sectorBytes of [512, 4096]) sealGpt(runs, sectorBytes);
  for (let sector = 0; sector < 4; sector++) {
    const label = viewOf(runs, sector * 512, 512);
    if (label?.toString('latin1', 0, 8) !== 'LABELONE') continue;
    label.writeUInt32LE(~crc32(label.subarray(20), ~0xf597a6cf >>> 0) >>> 0, 16);
  }
  const ext = viewOf(runs, 1024, 1024);
  if (ext?.readUInt16LE(0x38) === 0xef53) ext.writeUInt32LE(crc32cRaw(ext.subarray(0, 1020)), 1020);
  return input;
}

function sealGpt(runs: readonly Run[], sectorBytes: number): void {
  const header = viewOf(runs, sectorBytes, 92);
  if (header?.toString('latin1', 0, 8) !== 'EFI PART') return;
  const tableBytes = Math.min(128 * 1024, header.readUInt32LE(80) * header.readUInt32LE(84));
  const table = Buffer.alloc(tableBytes); // entries that no run holds are zero
  const tableAt = Number(header.readBigUInt64LE(72)) * sectorBytes;
  for (const { offset, bytes } of runs) {
    if (offset < tableAt + tableBytes && offset + bytes.length > tableAt)
      bytes.copy(table, Math.max(0, offset - tableAt), Math.max(0, tableAt - offset));
  }
  header.writeUInt32LE(crc32(table), 88);
  header.writeUInt32LE(0, 16);
  const whole = viewOf(runs, sectorBytes, Math.max(92, header.readUInt32LE(12))) ?? header;
  header.writeUInt32LE(crc32(whole), 16);
}
