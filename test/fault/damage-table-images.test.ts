/** The damage table of DAMAGE.md: what images are made of, and what is said about them. The other half has the records. */
import test from 'ava';
import { KINDS, type KindName } from './damage-table/kinds.js';
import { readLikenesses, readTable, unknownDamages, unknownLikenesses } from './damage-table/table.js';
import { testKinds } from './damage-table/test-kinds.js';

test('the table expects something of every kind, and nothing that cannot be done', (t) => {
  const rows = readTable();
  const kinds = Object.keys(KINDS) as KindName[];
  t.deepEqual([...new Set(rows.map(({ kind }) => kind))], kinds);
  t.deepEqual(unknownDamages(rows, kinds), []);
  t.deepEqual(unknownLikenesses(readLikenesses(), kinds), []);
});

testKinds(['data pack', 'meta pack', 'manifest', 'tombstone', 'config in force', 'other config', 'lost']);
