/**
 * Writes a GUID partition table (UEFI 2.10, chapter 5) with its protective MBR and its backup to a disk image. A writer of
 * its own, so that the demo's disks are not made by the library that doppel reads them with.
 */
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

export const SECTOR_BYTES = 512;
const ENTRY_COUNT = 128;
const ENTRY_BYTES = 128;
const HEADER_BYTES = 92;
const TABLE_SECTORS = (ENTRY_COUNT * ENTRY_BYTES) / SECTOR_BYTES;
/** Linux filesystem data. */
const LINUX_TYPE = '0fc63daf-8483-4772-8e79-3d69d8477de4';

export interface PartitionPlan {
  readonly name: string;
  readonly uuid: string;
  readonly offset: number;
  readonly size: number;
}

export async function writeGpt(
  disk: FileHandle,
  diskBytes: number,
  diskUuid: string,
  partitions: readonly PartitionPlan[],
): Promise<void> {
  const lastSector = diskBytes / SECTOR_BYTES - 1;
  const table = Buffer.alloc(ENTRY_COUNT * ENTRY_BYTES);
  for (const [index, partition] of partitions.entries()) {
    encodeEntry(partition).copy(table, index * ENTRY_BYTES);
  }
  const header = (own: number, other: number, tableSector: number) =>
    encodeHeader({ own, other, tableSector, lastSector, diskUuid, tableChecksum: crc32(table) });
  const start = Buffer.concat([encodeProtectiveMbr(lastSector), header(1, lastSector, 2), table]);
  const backupTableSector = lastSector - TABLE_SECTORS;
  const end = Buffer.concat([table, header(lastSector, 1, backupTableSector)]);
  await disk.write(start, 0, start.length, 0);
  await disk.write(end, 0, end.length, backupTableSector * SECTOR_BYTES);
}

interface HeaderFields {
  readonly own: number;
  readonly other: number;
  readonly tableSector: number;
  readonly lastSector: number;
  readonly diskUuid: string;
  readonly tableChecksum: number;
}

function encodeHeader(fields: HeaderFields): Buffer {
  const sector = Buffer.alloc(SECTOR_BYTES);
  sector.write('EFI PART', 0, 'latin1');
  sector.writeUInt32LE(0x00010000, 8);
  sector.writeUInt32LE(HEADER_BYTES, 12);
  sector.writeBigUInt64LE(BigInt(fields.own), 24);
  sector.writeBigUInt64LE(BigInt(fields.other), 32);
  sector.writeBigUInt64LE(BigInt(2 + TABLE_SECTORS), 40);
  sector.writeBigUInt64LE(BigInt(fields.lastSector - TABLE_SECTORS - 1), 48);
  encodeGuid(fields.diskUuid).copy(sector, 56);
  sector.writeBigUInt64LE(BigInt(fields.tableSector), 72);
  sector.writeUInt32LE(ENTRY_COUNT, 80);
  sector.writeUInt32LE(ENTRY_BYTES, 84);
  sector.writeUInt32LE(fields.tableChecksum, 88);
  sector.writeUInt32LE(crc32(sector.subarray(0, HEADER_BYTES)), 16);
  return sector;
}

function encodeEntry({ name, uuid, offset, size }: PartitionPlan): Buffer {
  const entry = Buffer.alloc(ENTRY_BYTES);
  encodeGuid(LINUX_TYPE).copy(entry, 0);
  encodeGuid(uuid).copy(entry, 16);
  entry.writeBigUInt64LE(BigInt(offset / SECTOR_BYTES), 32);
  entry.writeBigUInt64LE(BigInt((offset + size) / SECTOR_BYTES - 1), 40);
  entry.write(name, 56, 'utf16le');
  return entry;
}

/** One partition of type 0xEE over the whole disk keeps tools that know no GPT away. */
function encodeProtectiveMbr(lastSector: number): Buffer {
  const sector = Buffer.alloc(SECTOR_BYTES);
  sector.set([0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff], 446);
  sector.writeUInt32LE(1, 454);
  sector.writeUInt32LE(Math.min(lastSector, 0xffffffff), 458);
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

/** The first three groups of a GUID are little-endian on disk. */
function encodeGuid(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
