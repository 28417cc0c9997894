/**
 * Linux swap, and swap that holds a hibernated system (`swsuspend`). The magic is at the end of the first page, so each page
 * size that Linux knows is tried. The header may be of either byte order; version 0 has neither UUID nor label.
 */

import type { FileSystem } from '../../../store-format/disk-layout.js';
import { formatUuid, known, readText, sizeInBytes } from '../field-formats.js';
import type { Probe } from './probe.js';

const MAGIC_BYTES = 10;
const PAGE_SIZES = [4096, 8192, 16_384, 32_768, 65_536];
const HEADER_OFFSET = 1024;
const HEADER_BYTES = 512;
/** mkswap makes none with fewer than ten pages. */
const MIN_BYTES = 10 * 4096;
const HIBERNATED = ['S1SUSPEND', 'S2SUSPEND', 'ULSUSPEND', 'LINHIB0001'];

export const swap: Probe = {
  name: 'swap',
  async find(volume) {
    if (volume.size < MIN_BYTES) return undefined;
    for (const pageSize of PAGE_SIZES) {
      const magic = (await volume.bytes(pageSize - MAGIC_BYTES, MAGIC_BYTES))?.toString('latin1');
      if (magic === undefined) continue;
      if (magic === 'SWAP-SPACE') return { type: 'swap' };
      const isHibernated = HIBERNATED.some((known) => magic.startsWith(known));
      if (magic !== 'SWAPSPACE2' && !isHibernated) continue;
      const header = await volume.bytes(HEADER_OFFSET, HEADER_BYTES);
      return header && parseHeader(header, pageSize, isHibernated ? 'swsuspend' : 'swap');
    }
    return undefined;
  },
};

function parseHeader(header: Buffer, pageSize: number, type: string): FileSystem | undefined {
  const isLittle = header.readUInt32LE(0) === 1;
  if (!isLittle && header.readUInt32BE(0) !== 1) return undefined;
  const lastPage = isLittle ? header.readUInt32LE(4) : header.readUInt32BE(4);
  if (lastPage === 0) return undefined;
  return known({
    type,
    uuid: formatUuid(header.subarray(12, 28)),
    label: readText(header.subarray(28, 44)),
    size: sizeInBytes(BigInt(lastPage) + 1n, pageSize),
  });
}
