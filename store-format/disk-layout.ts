/**
 * The disk layout: what an image's partition table and file systems said on the day of its capture. It stands in the
 * manifest header, so that `ls` and `diff` can speak of partitions without reading the image.
 *
 * It is a description, never evidence: nothing is restored or deleted because of it. It comes from foreign bytes, so the
 * schema bounds every string and list; unknown keys are refused, as everywhere in the format. All offsets and sizes are
 * bytes.
 */

import * as v from 'valibot';

/** Longest string: the longest label any known file system holds is 512 characters (f2fs); each may need an escape. */
export const MAX_TEXT_LENGTH = 1024;
/** Linux itself numbers at most 256 partitions of a disk; a table with room for more is legal. */
export const MAX_PARTITIONS = 1024;
export const MAX_NOTES = 128;

const textSchema = v.pipe(v.string(), v.nonEmpty(), v.maxLength(MAX_TEXT_LENGTH));
const bytesSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

export const FileSystemSchema = v.pipe(
  v.object({
    /** As blkid names it: `ext4`, `vfat`, `swap`, `crypto_LUKS`, `LVM2_member`, … */
    type: textSchema,
    /** As blkid prints it: `0abc…-…` for most, `ABCD-1234` for FAT, 16 hexadecimal digits for NTFS. */
    uuid: v.exactOptional(textSchema),
    label: v.exactOptional(textSchema),
    /** The bytes it says it covers: may be less than its partition, or more if the image was cut. */
    size: v.exactOptional(bytesSchema),
  }),
  v.readonly(),
);

export const PartitionSchema = v.pipe(
  v.object({
    /** As Linux numbers them: a gap in the table stays a gap; logical partitions of an MBR start at 5. */
    number: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
    offset: bytesSchema,
    size: bytesSchema,
    /** GPT: the type GUID in upper case. MBR: `0x83`. */
    type: textSchema,
    typeName: v.exactOptional(textSchema),
    /** What Linux calls PARTUUID, in lower case. */
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

export const DiskLayoutSchema = v.pipe(
  v.object({
    table: v.picklist(['gpt', 'mbr', 'none']),
    /** The unit the table counts in. 512 where there is no table. */
    sectorSize: v.picklist([512, 4096]),
    /** GPT: the disk's GUID in lower case. MBR: its signature, eight hexadecimal digits. */
    diskId: v.exactOptional(textSchema),
    partitions: v.pipe(v.array(PartitionSchema), v.maxLength(MAX_PARTITIONS), v.readonly()),
    /** Only where the whole disk is one file system without a table. */
    fileSystem: v.exactOptional(FileSystemSchema),
    /** What was odd but readable, in English, for a person to read. */
    notes: v.exactOptional(v.pipe(v.array(textSchema), v.maxLength(MAX_NOTES), v.readonly())),
  }),
  v.readonly(),
);

export type FileSystem = v.InferOutput<typeof FileSystemSchema>;
export type Partition = v.InferOutput<typeof PartitionSchema>;
export type DiskLayout = v.InferOutput<typeof DiskLayoutSchema>;
