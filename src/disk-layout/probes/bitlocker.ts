/**
 * BitLocker: a boot sector that looks like NTFS (Vista), FAT32 (Windows 7 and later) or plain FAT ("to go"), and in the
 * latter two points at BitLocker's own metadata, which must be there. Asked before FAT and NTFS for that reason.
 */

import type { Volume } from '../disk-bytes.js';
import { known } from '../field-formats.js';
import type { Probe } from './probe.js';

const BOOT_SECTOR_BYTES = 512;
const METADATA_SIGNATURE = '-FVE-FS-';
const VISTA = '\xeb\x52\x90-FVE-FS-';
const WINDOWS_7 = '\xeb\x58\x90-FVE-FS-';
const TO_GO = '\xeb\x58\x90MSWIN4.1';
/** Where each boot sector says its metadata is. */
const METADATA_POINTER: Readonly<Record<string, number>> = { [WINDOWS_7]: 176, [TO_GO]: 440 };
const SERIAL_OFFSET = 67;

export const bitlocker: Probe = {
  name: 'bitlocker',
  isMember: true,
  ownsBootSector: true,
  async find(volume) {
    const sector = await volume.bytes(0, BOOT_SECTOR_BYTES);
    const kind = sector?.toString('latin1', 0, 11);
    if (!sector || kind === undefined) return undefined;
    if (kind === VISTA) return { type: 'BitLocker' };
    const pointer = METADATA_POINTER[kind];
    if (pointer === undefined || !(await hasMetadata(volume, sector.readBigUInt64LE(pointer))))
      return undefined;
    return known({ type: 'BitLocker', uuid: kind === WINDOWS_7 ? serial(sector) : undefined });
  },
};

async function hasMetadata(volume: Volume, offset: bigint): Promise<boolean> {
  const signature = await volume.bytesAt(offset, METADATA_SIGNATURE.length);
  return offset > 0n && signature?.toString('latin1') === METADATA_SIGNATURE;
}

/** Zero on most volumes; blkid prints it in decimal, as a signed number of 16 places. */
function serial(sector: Buffer): string | undefined {
  const value = sector.readInt32LE(SERIAL_OFFSET);
  if (value === 0) return undefined;
  return value < 0 ? `-${String(-value).padStart(15, '0')}` : String(value).padStart(16, '0');
}
