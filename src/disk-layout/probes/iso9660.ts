/**
 * ISO 9660. The "UUID" is the time of its last change, `YYYY-MM-DD-hh-mm-ss-cc`. The plain label has up to 32 characters of
 * a small alphabet; the Joliet one any 16. Where both tell the same name, the answer joins them, as in blkid: letters from
 * Joliet, length from the plain one.
 */

import type { Volume } from '../disk-bytes.js';
import { known, readText, readUtf16, sizeInBytes } from '../field-formats.js';
import type { Probe } from './probe.js';

const SECTOR_BYTES = 2048;
const FIRST_DESCRIPTOR = 16;
const MAX_DESCRIPTORS = 16;
const PRIMARY = 1;
const SUPPLEMENTARY = 2;
const LAST = 255;
const JOLIET_ESCAPES = ['%/@', '%/C', '%/E'];
const LABEL_OFFSET = 40;
const LABEL_BYTES = 32;
const CREATED_OFFSET = 813;
const MODIFIED_OFFSET = 830;
const DATE_BYTES = 17;

export const iso9660: Probe = {
  name: 'iso9660',
  async find(volume) {
    const { primary, joliet } = await readDescriptors(volume);
    if (!primary) return undefined;
    const label = labelField(primary);
    return known({
      type: 'iso9660',
      uuid: formatDate(primary, MODIFIED_OFFSET) ?? formatDate(primary, CREATED_OFFSET),
      label: joliet ? joinLabels(label, labelField(joliet)) : readText(label),
      size: sizeInBytes(BigInt(primary.readUInt32LE(80)), SECTOR_BYTES),
    });
  },
};

async function readDescriptors(volume: Volume): Promise<{ primary?: Buffer; joliet?: Buffer }> {
  const found: { primary?: Buffer; joliet?: Buffer } = {};
  for (let i = 0; i < MAX_DESCRIPTORS; i++) {
    const sector = await volume.bytes((FIRST_DESCRIPTOR + i) * SECTOR_BYTES, SECTOR_BYTES);
    if (sector?.toString('latin1', 1, 6) !== 'CD001' || sector[0] === LAST) break;
    if (sector[0] === PRIMARY) found.primary ??= sector;
    if (sector[0] === SUPPLEMENTARY && JOLIET_ESCAPES.includes(sector.toString('latin1', 88, 91)))
      found.joliet ??= sector;
  }
  return found;
}

function labelField(descriptor: Buffer): Buffer {
  return descriptor.subarray(LABEL_OFFSET, LABEL_OFFSET + LABEL_BYTES);
}

/** Sixteen digits and a time zone; all '0' with zone 0 means "not set". */
function formatDate(descriptor: Buffer, offset: number): string | undefined {
  const date = descriptor.subarray(offset, offset + DATE_BYTES);
  const digits = date.toString('latin1', 0, 16);
  if (!/^[0-9]{16}$/.test(digits) || (/^0+$/.test(digits) && date[16] === 0)) return undefined;
  return digits.replace(/^(....)(..)(..)(..)(..)(..)(..)$/, '$1-$2-$3-$4-$5-$6-$7');
}

function joinLabels(plain: Buffer, joliet: Buffer): string | undefined {
  const units = Buffer.from(joliet).swap16(); // stored big-endian
  const joined = Buffer.alloc(2 * plain.length);
  for (let i = 0; i < plain.length; i++) {
    const unit = 2 * i < units.length ? joinUnit(plain[i]!, units.readUInt16LE(2 * i)) : plain[i]!;
    if (unit === undefined) return readUtf16(units);
    joined.writeUInt16LE(unit, 2 * i);
  }
  return readUtf16(joined);
}

/** `_` on either side stands for what that alphabet lacks; otherwise both must be the same letter, whatever its case. */
function joinUnit(plain: number, joliet: number): number | undefined {
  const underscore = 0x5f;
  if (plain === underscore) return joliet;
  if (joliet === underscore) return plain;
  if (upperCase(plain) !== upperCase(joliet)) return undefined;
  return plain === upperCase(plain) ? joliet : plain;
}

function upperCase(unit: number): number {
  return unit >= 0x61 && unit <= 0x7a ? unit - 0x20 : unit;
}
