/**
 * Members of a ZFS pool. Each has four labels, two at either end; a label holds a list of names and values in XDR
 * (big-endian), of which the pool's id and name are wanted. Only lists of the top level are walked: a nested list is stepped
 * over by its size.
 */

import type { FileSystem } from '../../../store-format/disk-layout.js';
import type { Volume } from '../disk-bytes.js';
import { known, readText } from '../field-formats.js';
import type { Probe } from './probe.js';

const LABEL_BYTES = 256 * 1024;
const LABELS_AT_END = 2;
const LIST_OFFSET = 16 * 1024;
const LIST_BYTES = 112 * 1024;
/** No pool takes a smaller device. */
const MIN_BYTES = 64 * 1024 * 1024;
const ENCODING_XDR = 1;
/** Four bytes of encoding, then version and flags of the list. */
const FIRST_PAIR = 12;
/** A label has about twenty values at its top level. */
const MAX_PAIRS = 256;
const TYPE_UINT64 = 8;
const TYPE_STRING = 9;

export const zfs: Probe = {
  name: 'zfs',
  isMember: true,
  async find(volume) {
    if (volume.size < MIN_BYTES) return undefined;
    const end = volume.size - (volume.size % LABEL_BYTES);
    for (const label of [0, LABEL_BYTES, end - LABELS_AT_END * LABEL_BYTES, end - LABEL_BYTES]) {
      const found = await readLabel(volume, label + LIST_OFFSET);
      if (found) return found;
    }
    return undefined;
  },
};

async function readLabel(volume: Volume, offset: number): Promise<FileSystem | undefined> {
  const head = await volume.bytes(offset, FIRST_PAIR + 8);
  if (!head || head[0] !== ENCODING_XDR || head[1]! > 1 || head.readUInt32BE(FIRST_PAIR) === 0)
    return undefined;
  const list = await volume.bytes(offset, LIST_BYTES);
  const values = list && parseList(list);
  const poolId = values?.get('pool_guid');
  if (!values || typeof poolId !== 'bigint' || !values.has('guid')) return undefined;
  const name = values.get('name');
  return known({
    type: 'zfs_member',
    uuid: String(poolId),
    label: typeof name === 'string' ? name : undefined,
  });
}

/** A pair: its size, its size in memory, the name (length, then bytes to a multiple of 4), type, count, value. */
function parseList(list: Buffer): ReadonlyMap<string, bigint | string> {
  const values = new Map<string, bigint | string>();
  for (let at = FIRST_PAIR, i = 0; i < MAX_PAIRS && at + 12 <= list.length; i++) {
    const size = list.readUInt32BE(at);
    const nameBytes = list.readUInt32BE(at + 8);
    const valueAt = at + 12 + Math.ceil(nameBytes / 4) * 4;
    if (size < 24 || at + size > list.length || valueAt + 12 > at + size) break;
    const name = list.toString('latin1', at + 12, at + 12 + nameBytes);
    const type = list.readUInt32BE(valueAt);
    const value =
      type === TYPE_UINT64
        ? readNumber(list, valueAt, at + size)
        : type === TYPE_STRING
          ? readString(list, valueAt, at + size)
          : undefined;
    if (value !== undefined) values.set(name, value);
    at += size;
  }
  return values;
}

function readNumber(list: Buffer, at: number, end: number): bigint | undefined {
  return at + 16 <= end ? list.readBigUInt64BE(at + 8) : undefined;
}

function readString(list: Buffer, at: number, end: number): string | undefined {
  const from = at + 12;
  return readText(list.subarray(from, Math.min(end, from + list.readUInt32BE(at + 8))));
}
