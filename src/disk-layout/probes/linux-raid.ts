/**
 * Members of a Linux software RAID. Superblocks of version 0.90 and 1.0 stand at the end of the volume, 1.1 at its start and
 * 1.2 at 4 KiB. Version 1 says where it is, so a copy that was moved is not believed. The UUID is the array's.
 */

import type { FileSystem } from '../../../store-format/disk-layout.js';
import type { Volume } from '../disk-bytes.js';
import { formatUuid, known, readText, sizeInBytes } from '../field-formats.js';
import type { Probe } from './probe.js';

const MAGIC = 0xa92b4efc;
const VERSION_1_BYTES = 256;
const VERSION_0_BYTES = 64;
/** Version 0.90 lies in the last 64 KiB that are aligned to 64 KiB. */
const VERSION_0_ALIGNMENT = 64 * 1024;

export const linuxRaid: Probe = {
  name: 'linux_raid',
  isMember: true,
  async find(volume) {
    const end0 = volume.size - (volume.size % VERSION_0_ALIGNMENT) - VERSION_0_ALIGNMENT;
    const end1 = volume.size - (volume.size % 4096) - 8192;
    return (
      (await findVersion0(volume, end0)) ??
      (await findVersion1(volume, end1)) ??
      (await findVersion1(volume, 0)) ??
      (await findVersion1(volume, 4096))
    );
  },
};

async function findVersion1(volume: Volume, offset: number): Promise<FileSystem | undefined> {
  const block = await volume.bytes(offset, VERSION_1_BYTES);
  if (!block || block.readUInt32LE(0) !== MAGIC || block.readUInt32LE(4) !== 1) return undefined;
  if (block.readBigUInt64LE(144) !== BigInt(offset / 512)) return undefined;
  return known({
    type: 'linux_raid_member',
    uuid: formatUuid(block.subarray(16, 32)),
    label: readText(block.subarray(32, 64)),
    size: sizeInBytes(block.readBigUInt64LE(80), 512),
  });
}

/** In the byte order of the machine that made it: the UUID is four numbers, printed big-endian. */
async function findVersion0(volume: Volume, offset: number): Promise<FileSystem | undefined> {
  const block = await volume.bytes(offset, VERSION_0_BYTES);
  if (!block) return undefined;
  const isLittle = block.readUInt32LE(0) === MAGIC;
  if (!isLittle && block.readUInt32BE(0) !== MAGIC) return undefined;
  const words = Buffer.from(block);
  if (isLittle) words.swap32();
  const dataBytes = words.readUInt32BE(32) * 1024;
  if (words.readUInt32BE(4) !== 0 || dataBytes > offset) return undefined;
  const uuid = Buffer.concat([words.subarray(20, 24), words.subarray(52, 64)]);
  if (words.readUInt32BE(8) < 90) uuid.fill(0, 4);
  return known({ type: 'linux_raid_member', uuid: formatUuid(uuid), size: sizeInBytes(BigInt(dataBytes)) });
}
