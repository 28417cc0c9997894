/**
 * Recognises partition tables and file systems of a disk from its bytes, with no tool and no mount, so that it works alike for
 * files, devices and the kept beginning of a stream. The answer is a description for people and for `diff`; nothing is
 * decided by it.
 */

export type { DiskLayout, FileSystem, Partition } from '../../store-format/disk-layout.js';
export type { ByteReader } from './byte-reader.js';
export { partitionAt } from './partition-at.js';
export { readDiskLayout } from './read-disk-layout.js';
