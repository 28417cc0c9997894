/** exFAT: the boot sector leads to the root directory, whose entry 0x83 is the label. */

import type { Volume } from '../disk-bytes.js';
import { formatFatSerial, known, readUtf16, sizeInBytes } from '../field-formats.js';
import { findEntry, readChain } from './fat-directory.js';
import type { Probe } from './probe.js';

const BOOT_SECTOR_BYTES = 512;
const MAGIC = 'EXFAT   ';
const ENTRY_LABEL = 0x83;
/** Names of exFAT labels have at most 11 characters. */
const MAX_LABEL_LENGTH = 11;
const ALL_BITS = 0xffffffff;

export const exfat: Probe = {
  name: 'exfat',
  ownsBootSector: true,
  async find(volume) {
    const sector = await volume.bytes(0, BOOT_SECTOR_BYTES);
    if (!sector || sector.toString('latin1', 3, 11) !== MAGIC) return undefined;
    const [sectorShift, clusterShift] = [sector[108]!, sector[109]!];
    if (sectorShift < 9 || sectorShift > 12 || sectorShift + clusterShift > 25) return undefined; // 32 MiB clusters
    return known({
      type: 'exfat',
      uuid: formatFatSerial(sector.subarray(100, 104)),
      label: await findLabel(volume, sector, 2 ** sectorShift, 2 ** clusterShift),
      size: sizeInBytes(sector.readBigUInt64LE(72), 2 ** sectorShift),
    });
  },
};

async function findLabel(volume: Volume, sector: Buffer, sectorBytes: number, clusterSectors: number) {
  const root = readChain(volume, {
    firstCluster: sector.readUInt32LE(96),
    clusterBytes: sectorBytes * clusterSectors,
    tableOffset: sector.readUInt32LE(80) * sectorBytes,
    dataOffset: sector.readUInt32LE(88) * sectorBytes,
    mask: ALL_BITS,
  });
  const entry = await findEntry(root, (page, at) => page[at] === ENTRY_LABEL);
  return entry && readUtf16(entry.subarray(2, 2 + 2 * Math.min(entry[1]!, MAX_LABEL_LENGTH)));
}
