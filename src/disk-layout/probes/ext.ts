/**
 * ext2, ext3, ext4 and external ext journals. All share one superblock; which of them it is follows from its feature words,
 * by the rule "the oldest driver that could mount it", as in blkid. The magic is only two bytes, so the superblock's own
 * checksum is held against it where it has one, and the block size elsewhere.
 */

import { formatUuid, known, readText, sizeInBytes } from '../field-formats.js';
import { crc32cRaw } from './crc32c.js';
import type { Probe } from './probe.js';

const SUPERBLOCK_OFFSET = 1024;
const SUPERBLOCK_BYTES = 1024;
const CHECKSUM_OFFSET = 1020;
const MAGIC = 0xef53;
/** 64 KiB blocks: 1024 << 6. */
const MAX_LOG_BLOCK_SIZE = 6;

const HAS_JOURNAL = 0x4;
const JOURNAL_DEVICE = 0x8;
const FEATURE_64BIT = 0x80;
const METADATA_CHECKSUM = 0x400;
/** FILETYPE, META_BG; ext3 adds RECOVER. */
const EXT2_INCOMPATIBLE = 0x12;
const EXT3_INCOMPATIBLE = 0x16;
/** SPARSE_SUPER, LARGE_FILE, BTREE_DIR: ext2 and ext3 write to these. */
const EXT3_READ_ONLY = 0x7;

export const ext: Probe = {
  name: 'ext',
  async find(volume) {
    const block = await volume.bytes(SUPERBLOCK_OFFSET, SUPERBLOCK_BYTES);
    if (!block || block.readUInt16LE(0x38) !== MAGIC || !isPlausible(block)) return undefined;
    return known({
      type: typeOf(block),
      uuid: formatUuid(block.subarray(0x68, 0x78)),
      label: readText(block.subarray(0x78, 0x88)),
      size: sizeInBytes(blockCount(block), 1024 << block.readUInt32LE(0x18)),
    });
  },
};

function isPlausible(block: Buffer): boolean {
  if (block.readUInt32LE(0x18) > MAX_LOG_BLOCK_SIZE) return false;
  if ((block.readUInt32LE(0x64) & METADATA_CHECKSUM) === 0) return true;
  return crc32cRaw(block.subarray(0, CHECKSUM_OFFSET)) === block.readUInt32LE(CHECKSUM_OFFSET);
}

function typeOf(block: Buffer): string {
  const compatible = block.readUInt32LE(0x5c);
  const incompatible = block.readUInt32LE(0x60);
  const readOnly = block.readUInt32LE(0x64);
  if (incompatible & JOURNAL_DEVICE) return 'jbd';
  if (readOnly & ~EXT3_READ_ONLY || incompatible & ~EXT3_INCOMPATIBLE) return 'ext4';
  if (compatible & HAS_JOURNAL) return 'ext3';
  return incompatible & ~EXT2_INCOMPATIBLE ? 'ext4' : 'ext2';
}

function blockCount(block: Buffer): bigint {
  const low = BigInt(block.readUInt32LE(0x4));
  const is64Bit = (block.readUInt32LE(0x60) & FEATURE_64BIT) !== 0;
  return is64Bit ? low | (BigInt(block.readUInt32LE(0x150)) << 32n) : low;
}
