/**
 * Rows on their way into the index: 16 bytes each, so that millions of them need no objects.
 *
 *   first 10 bytes of an id | pack number u32 | ordinal u16
 *
 * LevelDB takes rows that come in the order of their keys at half the cost of rows that do not.
 */
import { HASH_BYTES, type PackFooter } from '../../store-format/index.js';

/** Among 2^40 entries two share ten bytes with a chance of about one half; the footer tells them apart. */
export const PREFIX_BYTES = 10;
export const PLACE_BYTES = 6;
export const ENTRY_BYTES = PREFIX_BYTES + PLACE_BYTES;
/** A double holds 53 bits exactly: 32 of the key, 21 of the row's number. */
export const MAX_SORTED_ROWS = 2 ** 21;

export function entryRows({ ids, lengths }: PackFooter, packNumber: number): Buffer {
  const rows = Buffer.allocUnsafe(ENTRY_BYTES * lengths.length);
  for (let ordinal = 0; ordinal < lengths.length; ordinal++) {
    const from = HASH_BYTES * ordinal;
    const to = ENTRY_BYTES * ordinal;
    for (let i = 0; i < PREFIX_BYTES; i++) rows[to + i] = ids[from + i]!;
    rows.writeUInt32LE(packNumber, to + PREFIX_BYTES);
    rows.writeUInt16LE(ordinal, to + PREFIX_BYTES + 4);
  }
  return rows;
}

/**
 * Numbers of the rows in the order of their keys; rows of one key keep theirs.
 *
 * @param skippedBytes leading bytes that all keys have in common
 */
export function orderRows(rows: Buffer, skippedBytes = 0): Float64Array {
  const count = rows.length / ENTRY_BYTES;
  if (count > MAX_SORTED_ROWS) throw new RangeError(`${count} rows are too many to sort at once`);
  const order = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    order[row] = rows.readUInt32BE(ENTRY_BYTES * row + skippedBytes) * MAX_SORTED_ROWS + row;
  }
  order.sort();
  for (let from = 0, to: number; from < count; from = to) {
    const head = Math.floor(order[from]! / MAX_SORTED_ROWS);
    to = from + 1;
    while (to < count && Math.floor(order[to]! / MAX_SORTED_ROWS) === head) to++;
    for (let i = from; i < to; i++) order[i]! -= head * MAX_SORTED_ROWS;
    if (to - from > 1) order.subarray(from, to).sort((a, b) => compareKeys(rows, a, b) || a - b);
  }
  return order;
}

function compareKeys(rows: Buffer, a: number, b: number): number {
  const [x, y] = [ENTRY_BYTES * a, ENTRY_BYTES * b];
  return rows.compare(rows, y, y + PREFIX_BYTES, x, x + PREFIX_BYTES);
}

export function haveOneKey(rows: Buffer, a: number, b: number): boolean {
  const [x, y] = [ENTRY_BYTES * a, ENTRY_BYTES * b];
  for (let i = 0; i < PREFIX_BYTES; i++) if (rows[x + i] !== rows[y + i]) return false;
  return true;
}
