import test from 'ava';
import { ID_WORDS, IdRanges, IdTable, idWords } from '../../src/reachability/id-table.js';
import { seededBytes, seededNumbers } from '../support/seeded-disk.js';

const SEED = process.env.DOPPEL_SEED ?? 'id table';

test('all copies of an id are found, and no others', (t) => {
  t.log(`DOPPEL_SEED=${SEED}`);
  const random = seededNumbers(SEED);
  const ids = seededBytes(SEED, 32 * 600);
  // Some ids differ in one byte alone, at any place.
  for (let i = 0; i < 200; i++) {
    ids.copy(ids, 32 * (400 + i), 32 * i, 32 * (i + 1));
    ids[32 * (400 + i) + Math.floor(random() * 32)]! ^= 1 + Math.floor(random() * 255);
  }
  const words = idWords(ids);
  const table = new IdTable(1000);
  const expected = new Map<string, number[]>();
  for (let entry = 0; entry < 1000; entry++) {
    const id = Math.floor(random() * 500);
    table.add(words, ID_WORDS * id, entry * 5_000_000);
    const key = ids.toString('hex', 32 * id, 32 * (id + 1));
    expected.set(key, [...(expected.get(key) ?? []), entry * 5_000_000]);
  }
  t.true(table.isFull);
  t.throws(() => table.add(words, 0, 1), { instanceOf: RangeError });
  // Ids that do not lie on the grid of words are found as well.
  const shifted = idWords(Buffer.concat([Buffer.alloc(1), ids]).subarray(1));
  for (let at = 0; at < ids.length; at += 32) {
    t.is(table.find(shifted, at / 4), table.find(words, at / 4));
    const found: number[] = [];
    for (let row = table.find(words, at / 4); row >= 0; row = table.next(row)) found.push(table.entryOf(row));
    t.deepEqual(
      found.sort((a, b) => a - b),
      expected.get(ids.toString('hex', at, at + 32)) ?? [],
    );
  }
  t.is([...table.firstRows()].length, expected.size);
  table.clear();
  t.is(table.find(words, 0), -1);
  t.deepEqual([...table.firstRows()], []);
});

test('each id is in one range, and halves stay within what they halve', (t) => {
  const ids = idWords(seededBytes('ranges', 32 * 3000));
  const ranges = IdRanges.of(3000, 100);
  t.is(ranges.count, 30);
  const sizes = new Array<number>(30).fill(0);
  for (let at = 0; at < ids.length; at += ID_WORDS) {
    const range = ranges.rangeOf(ids, at);
    sizes[range]!++;
    t.is(Math.floor(ranges.halved().rangeOf(ids, at) / 2), range);
  }
  t.true(
    sizes.every((size) => size > 50 && size < 170),
    `${sizes}`,
  );
  t.is(IdRanges.of(0, 100).count, 1);
});
