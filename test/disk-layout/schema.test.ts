/** The layout's schema: what a manifest may hold, and the junk that it refuses. */

import test from 'ava';
import { Packr } from 'msgpackr';
import * as v from 'valibot';
import { type DiskLayout, DiskLayoutSchema } from '../../store-format/disk-layout.js';

const PARTITION = { number: 1, offset: 1048576, size: 4096, type: '0x83' };
const LAYOUT: DiskLayout = {
  table: 'mbr',
  sectorSize: 512,
  diskId: '00c0ffee',
  partitions: [{ ...PARTITION, bootable: true, fileSystem: { type: 'ext4', label: 'ä', size: 2 ** 40 } }],
  notes: ['odd'],
};

test('A layout survives msgpack and the schema', (t) => {
  const packr = new Packr({ useRecords: false });
  t.deepEqual(v.parse(DiskLayoutSchema, packr.unpack(packr.pack(LAYOUT))), LAYOUT);
});

const JUNK: Readonly<Record<string, unknown>> = {
  'no object': null,
  'another table': { ...LAYOUT, table: 'apm' },
  'another sector size': { ...LAYOUT, sectorSize: 520 },
  'an undefined value': { ...LAYOUT, diskId: undefined },
  'a long text': { ...LAYOUT, diskId: 'x'.repeat(1025) },
  'an empty text': { ...LAYOUT, partitions: [{ ...PARTITION, name: '' }] },
  'a negative offset': { ...LAYOUT, partitions: [{ ...PARTITION, offset: -1 }] },
  'a fraction': { ...LAYOUT, partitions: [{ ...PARTITION, size: 0.5 }] },
  'a bigint': { ...LAYOUT, partitions: [{ ...PARTITION, size: 1n }] },
  'an end out of range': {
    ...LAYOUT,
    partitions: [{ ...PARTITION, offset: 1, size: Number.MAX_SAFE_INTEGER }],
  },
  'partition 0': { ...LAYOUT, partitions: [{ ...PARTITION, number: 0 }] },
  'too many partitions': { ...LAYOUT, partitions: Array.from({ length: 1025 }, () => PARTITION) },
  'too many notes': { ...LAYOUT, notes: Array.from({ length: 129 }, (_, i) => `note ${i}`) },
  'a file system without a type': { ...LAYOUT, fileSystem: { label: 'x' } },
};

for (const [what, junk] of Object.entries(JUNK)) {
  test(`The schema refuses ${what}`, (t) => {
    t.false(v.safeParse(DiskLayoutSchema, junk).success);
  });
}

test('Fields of later writers are passed over', (t) => {
  const later = { ...LAYOUT, extra: 1, partitions: [{ ...PARTITION, extra: 1 }] };
  t.deepEqual(v.parse(DiskLayoutSchema, later), { ...LAYOUT, partitions: [PARTITION] });
});
