/**
 * NTFS: the boot sector leads to the master file table, whose fourth record describes the volume and holds its label. A boot
 * sector without a table behind it is not believed (it may be left over from before a disk was partitioned).
 */

import type { Volume } from '../disk-bytes.js';
import { known, readUtf16, sizeInBytes } from '../field-formats.js';
import type { Probe } from './probe.js';

const BOOT_SECTOR_BYTES = 512;
const MAX_CLUSTER_BYTES = 2 * 1024 * 1024;
const MAX_RECORD_BYTES = 64 * 1024;
const VOLUME_RECORD = 3n;
const ATTRIBUTE_VOLUME_NAME = 0x60;
const ATTRIBUTE_END = 0xffffffff;
/** Each 512 bytes of a record end in a check value; the true bytes stand in an array behind the record's head. */
const FIXUP_STRIDE = 512;

export const ntfs: Probe = {
  name: 'ntfs',
  ownsBootSector: true,
  async find(volume) {
    const sector = await volume.bytes(0, BOOT_SECTOR_BYTES);
    const geometry = sector && parseGeometry(sector);
    if (!geometry || !(await readRecord(volume, geometry, 0n))) return undefined;
    const record = await readRecord(volume, geometry, VOLUME_RECORD);
    if (!record) return undefined;
    const serial = sector.readBigUInt64LE(72);
    return known({
      type: 'ntfs',
      uuid: serial === 0n ? undefined : serial.toString(16).toUpperCase().padStart(16, '0'),
      label: findLabel(record),
      size: sizeInBytes(sector.readBigUInt64LE(40), geometry.sectorBytes),
    });
  },
};

interface Geometry {
  readonly sectorBytes: number;
  readonly recordBytes: number;
  readonly tableOffset: bigint;
}

function parseGeometry(sector: Buffer): Geometry | undefined {
  if (sector.toString('latin1', 3, 11) !== 'NTFS    ') return undefined;
  const sectorBytes = sector.readUInt16LE(11);
  const clusterBytes = sectorBytes * countOrPower(sector.readInt8(13), -16);
  if (sectorBytes < 256 || sectorBytes > 4096 || clusterBytes > MAX_CLUSTER_BYTES || clusterBytes === 0)
    return undefined;
  const unused = [14, 15, 16, 17, 18, 19, 20, 22, 23, 32, 33, 34, 35]; // the fields of FAT: zero here
  if (unused.some((at) => sector[at] !== 0)) return undefined;
  const record = sector.readInt8(64);
  const recordBytes = record > 0 ? record * clusterBytes : 2 ** -record;
  if (recordBytes < FIXUP_STRIDE || recordBytes > MAX_RECORD_BYTES) return undefined;
  return { sectorBytes, recordBytes, tableOffset: sector.readBigUInt64LE(48) * BigInt(clusterBytes) };
}

/** A positive count as it is; a negative one, not below `min`, is the exponent of a power of two. */
function countOrPower(value: number, min: number): number {
  if (value === -128) return 128; // 128 sectors: the largest plain count does not fit a signed byte
  return value >= 0 ? value : value < min ? 0 : 2 ** -value;
}

async function readRecord(volume: Volume, geometry: Geometry, number: bigint): Promise<Buffer | undefined> {
  const offset = geometry.tableOffset + number * BigInt(geometry.recordBytes);
  const bytes = await volume.bytesAt(offset, geometry.recordBytes);
  if (bytes?.toString('latin1', 0, 4) !== 'FILE') return undefined;
  const record = Buffer.from(bytes);
  const fixups = record.readUInt16LE(4);
  for (let i = 1; i < record.readUInt16LE(6) && i * FIXUP_STRIDE <= record.length; i++) {
    if (fixups + 2 * i + 2 > record.length) break;
    record.copyWithin(i * FIXUP_STRIDE - 2, fixups + 2 * i, fixups + 2 * i + 2);
  }
  return record;
}

function findLabel(record: Buffer): string | undefined {
  for (let at = record.readUInt16LE(20); at + 24 <= record.length; ) {
    const type = record.readUInt32LE(at);
    const length = record.readUInt32LE(at + 4);
    if (type === ATTRIBUTE_END || length === 0) return undefined;
    if (type === ATTRIBUTE_VOLUME_NAME) {
      const from = at + record.readUInt16LE(at + 20);
      return readUtf16(record.subarray(from, from + record.readUInt32LE(at + 16)));
    }
    at += length;
  }
  return undefined;
}
