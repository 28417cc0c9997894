/**
 * Reads a master boot record and its chain of logical partitions.
 *
 * `parseBootRecord` judges one sector as the kernel does: the bytes 55 AA alone prove nothing, since every boot sector of a
 * FAT or NTFS volume ends in them; all four entries must also have a legal boot flag. Whether such a sector is after all a
 * file system's is for `readDiskLayout` to decide. Single entries are parsed by the package `mbr`; its guess at the kind of
 * boot record is not used, because old variants of the table are told by bytes of the boot code.
 *
 * The chain of extended boot records is foreign bytes that point at each other: each is visited once, and not more than a
 * layout has room for.
 */

import MBR from 'mbr';
import { type DiskLayout, MAX_PARTITIONS, type Partition } from '../../store-format/disk-layout.js';
import { type DiskBytes, Volume } from './disk-bytes.js';
import { known } from './field-formats.js';
import type { Notes } from './notes.js';
import { isExtendedType, MBR_TYPE_NAMES } from './partition-types.js';

export const BOOT_RECORD_BYTES = 512;
const SIGNATURE_OFFSET = 510;
const DISK_ID_OFFSET = 440;
const ENTRY_SIZE = 16;
const GPT_PROTECTIVE = 0xee;
const ACTIVE = 0x80;
/** AIX writes this (EBCDIC "IBMA") where an MBR has boot code. */
const AIX_MAGIC = 'c9c2d4c1';
const FIRST_LOGICAL = 5;

/** An entry that is in use; places are in sectors. */
export interface BootRecordEntry {
  readonly slot: number;
  readonly type: number;
  readonly bootable: boolean;
  readonly firstSector: number;
  readonly sectors: number;
}

export interface BootRecord {
  readonly diskId: string | undefined;
  readonly entries: readonly BootRecordEntry[];
  /** One entry, in any place, says that the disk has a GPT. */
  readonly protective: boolean;
}

export function parseBootRecord(sector: Buffer): BootRecord | undefined {
  const all = parseEntries(sector);
  if (!all || sector.toString('hex', 0, 4) === AIX_MAGIC) return undefined;
  if (all.some((entry) => entry.status !== 0 && entry.status !== ACTIVE)) return undefined;
  const id = sector.readUInt32LE(DISK_ID_OFFSET);
  return {
    diskId: id === 0 ? undefined : hex(id, 8),
    entries: all.filter((entry) => entry.sectors > 0),
    protective: all.some((entry) => entry.type === GPT_PROTECTIVE),
  };
}

/** `sectorSize` is what the caller found the entries to count in: nothing in an MBR says it. */
export async function readMbrTable(
  disk: DiskBytes,
  record: BootRecord,
  sectorSize: 512 | 4096,
  notes: Notes,
): Promise<DiskLayout> {
  const place = { sectorSize, diskId: record.diskId ?? '00000000' };
  const partitions = record.entries.map((entry) => toPartition(entry.slot, entry, 0, place));
  for (const extended of record.entries.filter((entry) => isExtendedType(entry.type))) {
    for (const { entry, base } of await readLogical(disk, extended, sectorSize, notes)) {
      const number = Math.max(FIRST_LOGICAL - 1, ...partitions.map((partition) => partition.number)) + 1;
      if (partitions.length < MAX_PARTITIONS) partitions.push(toPartition(number, entry, base, place));
    }
  }
  for (const { number, offset, size } of partitions) {
    if (offset + size > disk.size) notes.add(`Partition ${number} ends behind the end of the disk`);
  }
  return { table: 'mbr', sectorSize, ...(record.diskId && { diskId: record.diskId }), partitions };
}

interface LogicalEntry {
  readonly entry: BootRecordEntry;
  /** The sector that the entry counts from: its own extended boot record. */
  readonly base: number;
}

async function readLogical(disk: DiskBytes, extended: BootRecordEntry, sectorSize: number, notes: Notes) {
  const volume = new Volume(disk);
  const found: LogicalEntry[] = [];
  const visited = new Set<number>();
  const limit = extended.firstSector + extended.sectors;
  let next: number | undefined = extended.firstSector;
  while (next !== undefined && visited.size < MAX_PARTITIONS) {
    const base: number = next;
    if (visited.has(base)) {
      notes.add('The chain of logical partitions runs in a circle: it was followed once');
      break;
    }
    visited.add(base);
    const sector = await volume.bytes(base * sectorSize, BOOT_RECORD_BYTES);
    const entries = sector && parseEntries(sector)?.filter((entry) => entry.sectors > 0);
    if (!entries) {
      notes.add(`The chain of logical partitions breaks off at sector ${base}`);
      break;
    }
    found.push(...logicalEntries(entries, base, limit).map((entry) => ({ entry, base })));
    const link = entries.find((entry) => isExtendedType(entry.type) && entry.firstSector > 0);
    next = link && extended.firstSector + link.firstSector;
    if (next !== undefined && next >= limit) break;
  }
  return found;
}

/** The first two entries are data or link; some systems left junk in the other two, which must fit to count. */
function logicalEntries(entries: readonly BootRecordEntry[], base: number, limit: number): BootRecordEntry[] {
  return entries.filter(
    ({ type, firstSector, sectors }) =>
      !isExtendedType(type) && base + firstSector + sectors <= limit && firstSector > 0,
  );
}

function parseEntries(sector: Buffer) {
  if (sector.readUInt16BE(SIGNATURE_OFFSET) !== 0x55aa) return undefined;
  return Array.from({ length: MBR.PARTITION_ENTRIES }, (_, i) => {
    const at = MBR.TABLE_OFFSET + i * ENTRY_SIZE;
    const { status, type, firstLBA, sectors } = MBR.Partition.parse(sector, at, at + ENTRY_SIZE);
    return { slot: i + 1, status, type, bootable: status === ACTIVE, firstSector: firstLBA, sectors };
  });
}

function toPartition(
  number: number,
  entry: BootRecordEntry,
  base: number,
  { sectorSize, diskId }: { readonly sectorSize: number; readonly diskId: string },
): Partition {
  return known({
    number,
    offset: (base + entry.firstSector) * sectorSize,
    size: entry.sectors * sectorSize,
    type: `0x${entry.type.toString(16)}`,
    typeName: MBR_TYPE_NAMES.get(entry.type),
    uuid: diskId === '00000000' ? undefined : `${diskId}-${hex(number, 2)}`,
    bootable: entry.bootable || undefined,
  });
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
