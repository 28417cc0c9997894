/**
 * btrfs: the primary superblock at 64 KiB. The UUID is the file system's, the same on each of its devices; the size is what
 * this one device gives to it.
 */

import { formatUuid, known, readText, sizeInBytes } from '../field-formats.js';
import type { Probe } from './probe.js';

const SUPERBLOCK_OFFSET = 64 * 1024;
const SUPERBLOCK_BYTES = 4096;
const MAGIC = '_BHRfS_M';
/** The device item inside the superblock; its second field is the device's size. */
const DEVICE_ITEM_OFFSET = 0xc9;
const LABEL_OFFSET = 0x12b;
const LABEL_BYTES = 256;

export const btrfs: Probe = {
  name: 'btrfs',
  async find(volume) {
    const block = await volume.bytes(SUPERBLOCK_OFFSET, SUPERBLOCK_BYTES);
    if (!block || block.toString('latin1', 0x40, 0x48) !== MAGIC) return undefined;
    if (block.readBigUInt64LE(0x30) !== BigInt(SUPERBLOCK_OFFSET)) return undefined; // a superblock knows its place
    return known({
      type: 'btrfs',
      uuid: formatUuid(block.subarray(0x20, 0x30)),
      label: readText(block.subarray(LABEL_OFFSET, LABEL_OFFSET + LABEL_BYTES)),
      size: sizeInBytes(block.readBigUInt64LE(DEVICE_ITEM_OFFSET + 8)),
    });
  },
};
