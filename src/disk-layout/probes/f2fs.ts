/** f2fs: the first superblock at 1 KiB. The label is up to 512 UTF-16 units. */

import { formatUuid, known, readUtf16, sizeInBytes } from '../field-formats.js';
import type { Probe } from './probe.js';

const SUPERBLOCK_OFFSET = 1024;
const SUPERBLOCK_BYTES = 0x47c;
const MAGIC = 0xf2f52010;
/** 4 KiB to 64 KiB: the page sizes of Linux. */
const MIN_LOG_BLOCK_SIZE = 12;
const MAX_LOG_BLOCK_SIZE = 16;

export const f2fs: Probe = {
  name: 'f2fs',
  async find(volume) {
    const block = await volume.bytes(SUPERBLOCK_OFFSET, SUPERBLOCK_BYTES);
    if (!block || block.readUInt32LE(0) !== MAGIC) return undefined;
    const logBlockSize = block.readUInt32LE(0x10);
    if (logBlockSize < MIN_LOG_BLOCK_SIZE || logBlockSize > MAX_LOG_BLOCK_SIZE) return undefined;
    return known({
      type: 'f2fs',
      uuid: formatUuid(block.subarray(0x6c, 0x7c)),
      label: readUtf16(block.subarray(0x7c)),
      size: sizeInBytes(block.readBigUInt64LE(0x24), 2 ** logBlockSize),
    });
  },
};
