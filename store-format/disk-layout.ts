/**
 * The disk layout: what an image's partition table and file systems said on the day of its capture. It stands in the
 * manifest header, so that `ls` and `diff` can speak of partitions without reading the image.
 *
 * It is a description, never evidence: nothing is restored or deleted because of it. It comes from foreign bytes, so the
 * schema bounds every string and list; fields of later writers are passed over. All offsets and sizes are bytes.
 */

import * as v from 'valibot';

/** Longest string: the longest label any known file system holds is 512 characters (f2fs); each may need an escape. */
export const MAX_TEXT_LENGTH = 1024;
/** Linux itself numbers at most 256 partitions of a disk; a table with room for more is legal. */
export const MAX_PARTITIONS = 1024;
export const MAX_NOTES = 128;

const textSchema = v.pipe(v.string(), v.nonEmpty(), v.maxLength(MAX_TEXT_LENGTH));
const bytesSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

export interface FileSystem {
  /** As blkid names it: `ext4`, `vfat`, `swap`, `crypto_LUKS`, `LVM2_member`, … */
  readonly type: string;
  /** As blkid prints it: `0abc…-…` for most, `ABCD-1234` for FAT, 16 hexadecimal digits for NTFS. */
  readonly uuid?: string;
  readonly label?: string;
  /** The bytes it says it covers: may be less than its partition, or more if the image was cut. */
  readonly size?: number;
}

export interface Partition {
  /** As Linux numbers them: a gap in the table stays a gap; logical partitions of an MBR start at 5. */
  readonly number: number;
  readonly offset: number;
  readonly size: number;
  /** GPT: the type GUID in upper case. MBR: `0x83`. */
  readonly type: string;
  readonly typeName?: string;
  /** What Linux calls PARTUUID, in lower case. */
  readonly uuid?: string;
  readonly name?: string;
  readonly bootable?: boolean;
  readonly fileSystem?: FileSystem;
}

export interface DiskLayout {
  readonly table: 'gpt' | 'mbr' | 'none';
  /** The unit the table counts in. 512 where there is no table. */
  readonly sectorSize: 512 | 4096;
  /** GPT: the disk's GUID in lower case. MBR: its signature, eight hexadecimal digits. */
  readonly diskId?: string;
  readonly partitions: readonly Partition[];
  /** Only where the whole disk is one file system without a table. */
  readonly fileSystem?: FileSystem;
  /** What was odd but readable, in English, for a person to read. */
  readonly notes?: readonly string[];
}

export const FileSystemSchema: v.GenericSchema<unknown, FileSystem> = v.pipe(
  v.object({
    type: textSchema,
    uuid: v.exactOptional(textSchema),
    label: v.exactOptional(textSchema),
    size: v.exactOptional(bytesSchema),
  }),
  v.readonly(),
);

export const PartitionSchema: v.GenericSchema<unknown, Partition> = v.pipe(
  v.object({
    number: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
    offset: bytesSchema,
    size: bytesSchema,
    type: textSchema,
    typeName: v.exactOptional(textSchema),
    uuid: v.exactOptional(textSchema),
    name: v.exactOptional(textSchema),
    bootable: v.exactOptional(v.boolean()),
    fileSystem: v.exactOptional(FileSystemSchema),
  }),
  v.check(
    (partition) => Number.isSafeInteger(partition.offset + partition.size),
    'Partition ends out of range',
  ),
  v.readonly(),
);

export const DiskLayoutSchema: v.GenericSchema<unknown, DiskLayout> = v.pipe(
  v.object({
    table: v.picklist(['gpt', 'mbr', 'none']),
    sectorSize: v.picklist([512, 4096]),
    diskId: v.exactOptional(textSchema),
    partitions: v.pipe(v.array(PartitionSchema), v.maxLength(MAX_PARTITIONS), v.readonly()),
    fileSystem: v.exactOptional(FileSystemSchema),
    notes: v.exactOptional(v.pipe(v.array(textSchema), v.maxLength(MAX_NOTES), v.readonly())),
  }),
  v.readonly(),
);
