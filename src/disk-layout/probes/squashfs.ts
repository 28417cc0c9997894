/** squashfs 4 (little-endian). It has neither UUID nor label; the size is what it uses, which ends before its padding. */

import { known, sizeInBytes } from '../field-formats.js';
import type { Probe } from './probe.js';

const SUPERBLOCK_BYTES = 96;
const MAGIC = 'hsqs';
const MAJOR_VERSION = 4;

export const squashfs: Probe = {
  name: 'squashfs',
  async find(volume) {
    const block = await volume.bytes(0, SUPERBLOCK_BYTES);
    if (!block || block.toString('latin1', 0, 4) !== MAGIC) return undefined;
    const blockSize = block.readUInt32LE(12);
    const isPlausible = block.readUInt16LE(28) === MAJOR_VERSION && blockSize === 2 ** block.readUInt16LE(22);
    return isPlausible
      ? known({ type: 'squashfs', size: sizeInBytes(block.readBigUInt64LE(40)) })
      : undefined;
  },
};
