/**
 * Reads a GUID partition table, primary or backup, with 512 or 4096 byte sectors.
 *
 * Header fields and entries are parsed by the package `gpt`; the checksums are taken here over the bytes as they lie on the
 * disk, because the package would write the fields anew and hash that (and allocate what a foreign header asks for). A
 * header is believed only if it sits where it says it sits and both checksums hold, as in the kernel. Entries are judged
 * one by one: one that leaves the disk is kept with a note, since a cut image should still say what it was.
 */

import { crc32 } from 'node:zlib';
import GPT from 'gpt';
import { type DiskLayout, MAX_PARTITIONS, type Partition } from '../../store-format/disk-layout.js';
import { type DiskBytes, MAX_READ_BYTES, Volume } from './disk-bytes.js';
import { known, readUtf16 } from './field-formats.js';
import type { Notes } from './notes.js';
import { GPT_TYPE_NAMES } from './partition-types.js';

const SECTOR_SIZES = [512, 4096] as const;
const MIN_HEADER_BYTES = 92;
/** UEFI: an entry is 128 · 2^n bytes. */
const ENTRY_BYTES = [128, 256, 512, 1024, 2048, 4096];
/** Attribute bit 2: legacy BIOS bootable. */
const BOOTABLE = 4n;
const NAME_OFFSET = 56;
const NAME_END = 128;

interface Header {
  readonly fields: GPT;
  readonly sectorSize: 512 | 4096;
}

/** The table of this disk, or undefined where neither copy can be believed. Damage is told to `notes`. */
export async function readGptTable(disk: DiskBytes, notes: Notes): Promise<DiskLayout | undefined> {
  const volume = new Volume(disk);
  let alternate: Header | undefined;
  for (const sectorSize of SECTOR_SIZES) {
    const header = await readHeader(volume, 1n, sectorSize);
    const table = header && (await readEntries(volume, header));
    if (table) return toLayout(header, table, disk.size, notes);
    alternate ??= header;
  }
  for (const { lba, sectorSize } of backupPlaces(disk.size, alternate)) {
    const header = await readHeader(volume, lba, sectorSize);
    const table = header && (await readEntries(volume, header));
    if (!table) continue;
    notes.add('The primary GPT is damaged: its backup was used');
    return toLayout(header, table, disk.size, notes);
  }
  return undefined;
}

/** The last sector of the disk, and where a sound primary header (whose entries are not) says the backup is. */
function backupPlaces(diskSize: number, primary: Header | undefined) {
  const places = SECTOR_SIZES.map((sectorSize) => ({
    lba: BigInt(Math.floor(diskSize / sectorSize)) - 1n,
    sectorSize,
  }));
  return primary ? [{ lba: primary.fields.backupLBA, sectorSize: primary.sectorSize }, ...places] : places;
}

async function readHeader(volume: Volume, lba: bigint, sectorSize: 512 | 4096): Promise<Header | undefined> {
  const sector = lba > 0n ? await volume.bytesAt(lba * BigInt(sectorSize), sectorSize) : undefined;
  if (sector?.toString('latin1', 0, 8) !== 'EFI PART') return undefined;
  const fields = new GPT({ blockSize: sectorSize }).parseHeader(sector);
  if (fields.headerSize < MIN_HEADER_BYTES || fields.headerSize > sectorSize) return undefined;
  const header = Buffer.from(sector.subarray(0, fields.headerSize));
  header.writeUInt32LE(0, 16); // the checksum counts as zero in its own sum
  const sound = crc32(header) === fields.headerChecksum && fields.currentLBA === lba;
  return sound && fields.firstLBA <= fields.lastLBA ? { fields, sectorSize } : undefined;
}

/** The raw entries, or undefined if their checksum is wrong or they are too many to be a table. */
async function readEntries(volume: Volume, { fields, sectorSize }: Header): Promise<Buffer | undefined> {
  const length = fields.entries * fields.entrySize;
  if (!ENTRY_BYTES.includes(fields.entrySize) || length > MAX_READ_BYTES) return undefined;
  const bytes = await volume.bytesAt(fields.tableOffset * BigInt(sectorSize), length);
  return bytes && crc32(bytes) === fields.tableChecksum ? bytes : undefined;
}

function toLayout({ fields, sectorSize }: Header, table: Buffer, diskSize: number, notes: Notes): DiskLayout {
  const partitions: Partition[] = [];
  for (let slot = 0; slot < Math.min(fields.entries, MAX_PARTITIONS); slot++) {
    const bytes = table.subarray(slot * fields.entrySize, (slot + 1) * fields.entrySize);
    const entry = GPT.PartitionEntry.parse(bytes);
    if (entry.isEmpty()) continue;
    const partition = toPartition(slot + 1, entry, bytes, sectorSize);
    if (!partition) notes.add(`GPT entry ${slot + 1} has no possible place and was left out`);
    else partitions.push(partition);
    if (partition && partition.offset + partition.size > diskSize) {
      notes.add(`Partition ${partition.number} ends behind the end of the disk`);
    }
  }
  return { table: 'gpt', sectorSize, diskId: fields.guid.toLowerCase(), partitions };
}

function toPartition(
  number: number,
  entry: InstanceType<typeof GPT.PartitionEntry>,
  bytes: Buffer,
  sectorSize: number,
) {
  const offset = entry.firstLBA * BigInt(sectorSize);
  const end = (entry.lastLBA + 1n) * BigInt(sectorSize);
  if (end <= offset || end > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return known({
    number,
    offset: Number(offset),
    size: Number(end - offset),
    type: entry.type,
    typeName: GPT_TYPE_NAMES.get(entry.type),
    uuid: entry.guid.toLowerCase(),
    name: readUtf16(bytes.subarray(NAME_OFFSET, NAME_END)), // the package would join what stands behind a NUL
    bootable: (entry.attr & BOOTABLE) !== 0n || undefined,
  });
}
