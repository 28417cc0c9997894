/** XFS: a big-endian superblock in the first sector, checked for sizes that fit each other (four bytes of magic are few). */

import { formatUuid, known, readText, sizeInBytes } from '../field-formats.js';
import type { Probe } from './probe.js';

const SUPERBLOCK_BYTES = 512;
const MAGIC = 'XFSB';

export const xfs: Probe = {
  name: 'xfs',
  async find(volume) {
    const block = await volume.bytes(0, SUPERBLOCK_BYTES);
    if (!block || block.toString('latin1', 0, 4) !== MAGIC || !isPlausible(block)) return undefined;
    return known({
      type: 'xfs',
      uuid: formatUuid(block.subarray(32, 48)),
      label: readText(block.subarray(108, 120)),
      size: sizeInBytes(block.readBigUInt64BE(8), block.readUInt32BE(4)),
    });
  },
};

/** Each size stands there twice, plain and as a logarithm; the block count must fit the allocation groups. */
function isPlausible(block: Buffer): boolean {
  const blocks = block.readBigUInt64BE(8);
  const groupBlocks = BigInt(block.readUInt32BE(84));
  const groups = BigInt(block.readUInt32BE(88));
  return (
    isPowerOf(block.readUInt32BE(4), block[120]!, 9, 16) &&
    isPowerOf(block.readUInt16BE(102), block[121]!, 9, 15) &&
    isPowerOf(block.readUInt16BE(104), block[122]!, 8, 11) &&
    groups > 0n &&
    blocks > 0n &&
    blocks <= groups * groupBlocks &&
    blocks > (groups - 1n) * groupBlocks
  );
}

function isPowerOf(value: number, exponent: number, min: number, max: number): boolean {
  return exponent >= min && exponent <= max && value === 2 ** exponent;
}
