/**
 * Recognises what is on a disk, from its bytes alone. Never writes, never rejects, and reads little: some 100 KiB of an
 * ordinary disk. What is odd becomes a note.
 *
 * [1] Sector 0 is judged: a boot record, a protective one, or none.
 * [2] A protective record promises a GPT: primary, else backup.
 * [3] Another record may be the boot sector of FAT, exFAT, NTFS or BitLocker on the bare disk; or it has no entries and
 *     stands in front of a file system that leaves the first sector alone. Then there is no table.
 * [4] Without any record the disk may still be one file system; else a GPT that lost its protective record is taken.
 * [5] Each partition is asked for its file system.
 */

import type { DiskLayout, Partition } from '../../store-format/disk-layout.js';
import type { ByteReader } from './byte-reader.js';
import { DiskBytes, Volume } from './disk-bytes.js';
import { findFileSystem } from './find-file-system.js';
import { readGptTable } from './gpt-table.js';
import { BOOT_RECORD_BYTES, type BootRecord, parseBootRecord, readMbrTable } from './mbr-table.js';
import { Notes } from './notes.js';
import { isExtendedType } from './partition-types.js';

const WHOLE_DISK = 'The whole disk';

export async function readDiskLayout(reader: ByteReader): Promise<DiskLayout> {
  const notes = new Notes();
  const disk = new DiskBytes(reader, notes);
  const layout = await readTable(disk, notes);
  const partitions: Partition[] = [];
  for (const partition of layout.partitions) partitions.push(await withFileSystem(disk, partition, notes)); // [5]
  const list = notes.list();
  return { ...layout, partitions, ...(list.length > 0 && { notes: list }) };
}

async function readTable(disk: DiskBytes, notes: Notes): Promise<DiskLayout> {
  const sector = await new Volume(disk).bytes(0, BOOT_RECORD_BYTES);
  const record = sector && parseBootRecord(sector); // [1]
  if (record?.protective) {
    const gpt = await readGptTable(disk, notes); // [2]
    if (gpt) return noteHybrid(gpt, record, notes);
    notes.add('A protective MBR promises a GPT, but neither copy of it can be read');
  }
  const bare = await findFileSystem(new Volume(disk), WHOLE_DISK, notes);
  const none: DiskLayout = {
    table: 'none',
    sectorSize: 512,
    partitions: [],
    ...(bare && { fileSystem: bare.fileSystem }),
  };
  if (record && !record.protective) {
    if (bare && (bare.probe.ownsBootSector || record.entries.length === 0)) return none; // [3]
    if (bare)
      notes.add(`${WHOLE_DISK} also carries the signature of ${bare.fileSystem.type}; the MBR was taken`);
    return readMbrTable(disk, record, await mbrSectorSize(disk, record, notes), notes);
  }
  if (bare || record) return none;
  const gpt = await readGptTable(disk, notes); // [4]
  if (gpt) notes.add('The protective MBR in front of the GPT is missing');
  return gpt ?? none;
}

function noteHybrid(gpt: DiskLayout, record: BootRecord, notes: Notes): DiskLayout {
  if (record.entries.length > 1)
    notes.add('Hybrid MBR: its entries besides the protective one were left out');
  return gpt;
}

/**
 * An MBR does not say what its sectors measure. 512 it is, unless file systems or boot records stand where the entries point
 * if a sector has 4096 bytes, and none where they point otherwise.
 */
async function mbrSectorSize(disk: DiskBytes, { entries }: BootRecord, notes: Notes): Promise<512 | 4096> {
  const fits = entries.every((entry) => (entry.firstSector + entry.sectors) * 4096 <= disk.size);
  if (entries.length === 0 || !fits) return 512;
  const quiet = new Notes();
  for (const sectorSize of [512, 4096] as const) {
    for (const entry of entries) {
      const volume = new Volume(disk, entry.firstSector * sectorSize, entry.sectors * sectorSize);
      const head = isExtendedType(entry.type) ? await volume.bytes(0, BOOT_RECORD_BYTES) : undefined;
      const isFound = head ? parseBootRecord(head) : await findFileSystem(volume, 'A partition', quiet);
      if (!isFound) continue;
      if (sectorSize === 4096) notes.add('The MBR seems to count in sectors of 4096 bytes');
      return sectorSize;
    }
  }
  return 512;
}

async function withFileSystem(disk: DiskBytes, partition: Partition, notes: Notes): Promise<Partition> {
  if (partition.type.startsWith('0x') && isExtendedType(Number(partition.type))) return partition;
  const volume = new Volume(disk, partition.offset, partition.size);
  const found = await findFileSystem(volume, `Partition ${partition.number}`, notes);
  return found ? { ...partition, fileSystem: found.fileSystem } : partition;
}
