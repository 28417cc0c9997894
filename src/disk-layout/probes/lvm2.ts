/**
 * LVM2 physical volumes: a label in one of the first four sectors, which names its sector and ends in a checksum. The UUID
 * is 32 letters and digits of LVM's own, written with dashes at fixed places.
 */

import { crc32 } from 'node:zlib';
import { known, readText, sizeInBytes } from '../field-formats.js';
import type { Probe } from './probe.js';

const SECTOR_BYTES = 512;
const LABEL_SECTORS = 4;
/** The checksum covers all behind itself. */
const CHECKSUM_OFFSET = 16;
const CHECKSUMMED_FROM = 20;
/** LVM's CRC-32 starts from this and is not inverted at either end; zlib inverts at both. */
const CHECKSUM_START = 0xf597a6cf;
/** The header of the physical volume follows the 32 bytes of the label: UUID, then size. */
const HEADER_OFFSET = 32;
const UUID_BYTES = 32;

export const lvm2: Probe = {
  name: 'lvm2',
  isMember: true,
  async find(volume) {
    for (let sector = 0; sector < LABEL_SECTORS; sector++) {
      const label = await volume.bytes(sector * SECTOR_BYTES, SECTOR_BYTES);
      if (!label || !isLabel(label, sector)) continue;
      return known({
        type: 'LVM2_member',
        uuid: formatLvmUuid(label.subarray(HEADER_OFFSET, HEADER_OFFSET + UUID_BYTES)),
        size: sizeInBytes(label.readBigUInt64LE(HEADER_OFFSET + UUID_BYTES)),
      });
    }
    return undefined;
  },
};

function isLabel(label: Buffer, sector: number): boolean {
  if (label.toString('latin1', 0, 8) !== 'LABELONE' || label.toString('latin1', 24, 32) !== 'LVM2 001')
    return false;
  if (label.readBigUInt64LE(8) !== BigInt(sector)) return false;
  const sum = ~crc32(label.subarray(CHECKSUMMED_FROM), ~CHECKSUM_START >>> 0) >>> 0;
  return sum === label.readUInt32LE(CHECKSUM_OFFSET);
}

function formatLvmUuid(bytes: Buffer): string | undefined {
  return readText(bytes)?.replace(/^(.{6})(.{4})(.{4})(.{4})(.{4})(.{4})(.{6})$/, '$1-$2-$3-$4-$5-$6-$7');
}
