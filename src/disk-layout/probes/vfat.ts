/**
 * FAT12, FAT16 and FAT32 (`vfat` for all three). There is no magic worth the name, so a boot sector must either carry the
 * text "FAT…" or end in 55 AA, and its geometry must add up: this is also what tells a FAT volume without a partition table
 * from an MBR. The label is that of the root directory; the one in the boot sector goes stale and is not used.
 */

import type { Volume } from '../disk-bytes.js';
import { formatFatSerial, known, readText, sizeInBytes } from '../field-formats.js';
import { ENTRY_BYTES, findEntry, readChain, readPages } from './fat-directory.js';
import type { Probe } from './probe.js';

const BOOT_SECTOR_BYTES = 512;
const TEXT_MAGICS: readonly (readonly [offset: number, text: string])[] = [
  [0x52, 'MSWIN'],
  [0x52, 'FAT32   '],
  [0x36, 'MSDOS'],
  [0x36, 'FAT16   '],
  [0x36, 'FAT12   '],
  [0x36, 'FAT     '],
];
/** OS/2 puts a boot sector like that of FAT in front of these. */
const NOT_FAT = ['JFS     ', 'HPFS    '];
const MAX_CLUSTERS_16 = 0xfff4;
const MAX_CLUSTERS_32 = 0x0ffffff6;
/** Bits of a FAT32 table entry. */
const CLUSTER_BITS = 0x0fffffff;
const UNSET = '\0\0\0\0';
const DELETED = 0xe5;
const ATTRIBUTES = 0x3f;
const LONG_NAME = 0x0f;
const VOLUME_LABEL = 0x08;
const DIRECTORY = 0x10;

export const vfat: Probe = {
  name: 'vfat',
  ownsBootSector: true,
  async find(volume) {
    const sector = await volume.bytes(0, BOOT_SECTOR_BYTES);
    const geometry = sector && hasSignature(sector) ? parseGeometry(sector) : undefined;
    if (!sector || !geometry || (geometry.is32 && !(await hasSoundInfoSector(volume, sector))))
      return undefined;
    const hasSerial = geometry.is32 || sector[0x26] === 0x28 || sector[0x26] === 0x29;
    const serialOffset = geometry.is32 ? 0x43 : 0x27;
    return known({
      type: 'vfat',
      uuid: hasSerial ? formatFatSerial(sector.subarray(serialOffset, serialOffset + 4)) : undefined,
      label: await findLabel(volume, sector, geometry),
      size: sizeInBytes(BigInt(geometry.sectors), geometry.sectorBytes),
    });
  },
};

interface Geometry {
  readonly sectorBytes: number;
  readonly clusterBytes: number;
  readonly sectors: number;
  readonly is32: boolean;
  readonly tableOffset: number;
  /** Behind the tables: the root directory of FAT12/16, the first cluster of FAT32. */
  readonly dataOffset: number;
}

function hasSignature(sector: Buffer): boolean {
  if (TEXT_MAGICS.some(([at, text]) => sector.toString('latin1', at, at + text.length) === text)) return true;
  return sector.readUInt16BE(510) === 0x55aa && !NOT_FAT.includes(sector.toString('latin1', 0x36, 0x3e));
}

function parseGeometry(sector: Buffer): Geometry | undefined {
  const sectorBytes = sector.readUInt16LE(11);
  const clusterSectors = sector[13]!;
  const reserved = sector.readUInt16LE(14);
  const tables = sector[16]!;
  const media = sector[21]!;
  if (![512, 1024, 2048, 4096].includes(sectorBytes) || !isPowerOfTwo(clusterSectors)) return undefined;
  if (reserved === 0 || tables === 0 || (media < 0xf8 && media !== 0xf0)) return undefined;
  const is32 = sector.readUInt16LE(22) === 0 && sector.readUInt32LE(36) > 0;
  const tableSectors = (is32 ? sector.readUInt32LE(36) : sector.readUInt16LE(22)) * tables;
  const rootSectors = Math.ceil((sector.readUInt16LE(17) * ENTRY_BYTES) / sectorBytes);
  const sectors = sector.readUInt16LE(19) || sector.readUInt32LE(32);
  const clusters = Math.floor((sectors - reserved - tableSectors - rootSectors) / clusterSectors);
  if (clusters < 0 || clusters > (is32 ? MAX_CLUSTERS_32 : MAX_CLUSTERS_16)) return undefined;
  return {
    sectorBytes,
    clusterBytes: clusterSectors * sectorBytes,
    sectors,
    is32,
    tableOffset: reserved * sectorBytes,
    dataOffset: (reserved + tableSectors) * sectorBytes,
  };
}

/** Some formatters leave the signatures of FAT32's second sector zero; other values are not FAT. */
async function hasSoundInfoSector(volume: Volume, sector: Buffer): Promise<boolean> {
  const at = sector.readUInt16LE(0x30) * sector.readUInt16LE(11);
  if (at === 0) return true;
  const info = await volume.bytes(at, BOOT_SECTOR_BYTES);
  if (!info) return false;
  const [first, second] = [info.toString('latin1', 0, 4), info.toString('latin1', 484, 488)];
  return ['RRaA', 'RRdA', UNSET].includes(first) && ['rrAa', UNSET].includes(second);
}

async function findLabel(volume: Volume, sector: Buffer, geometry: Geometry): Promise<string | undefined> {
  const root = geometry.is32
    ? readChain(volume, { ...geometry, firstCluster: sector.readUInt32LE(44), mask: CLUSTER_BITS })
    : readPages(volume, geometry.dataOffset, sector.readUInt16LE(17) * ENTRY_BYTES);
  const entry = await findEntry(root, isLabel);
  return entry && labelOf(entry);
}

function isLabel(page: Buffer, at: number): boolean {
  const attributes = page[at + 11]! & ATTRIBUTES;
  if (page[at] === DELETED || attributes === LONG_NAME) return false;
  const hasCluster = page.readUInt16LE(at + 20) !== 0 || page.readUInt16LE(at + 26) !== 0;
  return !hasCluster && (attributes & (VOLUME_LABEL | DIRECTORY)) === VOLUME_LABEL;
}

/** A first byte 0x05 stands for 0xE5, which would mark the entry as deleted. */
function labelOf(entry: Buffer): string | undefined {
  const name = Buffer.from(entry.subarray(0, 11));
  if (name[0] === 0x05) name[0] = DELETED;
  return readText(name);
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}
