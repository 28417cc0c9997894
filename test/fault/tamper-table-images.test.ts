/** The tamper table of TAMPER.md: what images are made of, and what opens the store. The other half has the records. */
import test from 'ava';
import { KINDS } from './tamper-table/kinds.js';
import { readTampering, testKinds } from './tamper-table/test-kinds.js';

test('the table expects something of every kind, and of no other', (t) => {
  t.deepEqual([...new Set(readTampering().map(({ kind }) => kind))], [...KINDS]);
});

testKinds(['data pack', 'meta pack', 'manifest', 'tombstone', 'config in force', 'other config', 'key slot']);
