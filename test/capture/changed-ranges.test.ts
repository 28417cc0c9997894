/** Captures that read only what somebody else says has changed. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { ChangedRanges } from '../../src/capture/changed-ranges.js';
import { holds } from '../format/oracle.js';
import {
  inPieces,
  library,
  newLibraryStore,
  openLibraryStore,
  restoredBytes,
} from '../support/library-store.js';
import { folderFor } from '../support/machine.js';
import { seededBytes, seededDisk } from '../support/seeded-disk.js';

const MIB = 1024 ** 2;
const base = seededDisk('ranges', 24 * MIB + 5000);

function fileWith(t: ExecutionContext, bytes: Uint8Array): string {
  const path = join(folderFor(t), 'disk.img');
  writeFileSync(path, bytes);
  return path;
}

interface Change {
  readonly offset: number;
  readonly bytes: Buffer;
}

const CHANGES: readonly Change[] = [
  { offset: 0, bytes: seededBytes('first sector', 512) },
  { offset: 3 * MIB - 7, bytes: seededBytes('over an edge', 14) },
  { offset: 7 * MIB, bytes: seededBytes('whole segments', 2 * MIB) },
  { offset: 12 * MIB + 4096, bytes: Buffer.alloc(MIB) },
  { offset: base.length - 1, bytes: Buffer.from([9]) },
];

function changed(changes: readonly Change[] = CHANGES): Buffer {
  const disk = Buffer.from(base);
  for (const { offset, bytes } of changes) bytes.copy(disk, offset);
  return disk;
}

const ranges = CHANGES.map(({ offset, bytes }) => ({ offset, length: bytes.length }));

for (const [name, disk, list] of [
  ['scattered changes', changed(), ranges],
  ['nothing changed', base, []],
  ['longer than the parent', Buffer.concat([base, seededBytes('tail', 3 * MIB)]), []],
  ['shorter than the parent', base.subarray(0, 5 * MIB + 77), []],
  [
    'all of it, in ranges that overlap and reach beyond the end',
    changed(),
    [
      { offset: 5 * MIB, length: 90 * MIB },
      { offset: 0, length: 6 * MIB },
    ],
  ],
] as const) {
  for (const known of [true, false]) {
    test(`${name}: the image is that of a full read (${known ? 'parent known' : 'index new'})`, async (t) => {
      const made = await newLibraryStore(t);
      await made.store.capture(fileWith(t, base), 'web');
      await made.store.close();
      const { store, location, warnings } = await openLibraryStore(t, made.location);
      if (!known) await store.rebuildIndex();
      const path = fileWith(t, disk);
      const quick = await store.capture(path, 'web', { parent: 'web', changedRanges: list });
      const full = await store.capture(path, 'full', { parent: false });
      t.is(quick.digest, full.digest);
      t.is(full.newBytes, 0);
      t.deepEqual(
        [quick.chunks, quick.zeroBytes, quick.image!.usedBytes],
        [full.chunks, full.zeroBytes, full.image!.usedBytes],
      );
      t.true((await restoredBytes(store, 'web')).equals(disk));
      t.deepEqual(warnings, [], location);
    });
  }
}

test('what is not in the list is not read', async (t) => {
  const { store } = await newLibraryStore(t);
  await store.capture(fileWith(t, base), 'web');
  // One change in the list and one that is not, in one segment: only the first can come in.
  const said = { offset: 4 * MIB + 100, bytes: seededBytes('said', 300) };
  const unsaid = { offset: 4 * MIB + 90_000, bytes: seededBytes('unsaid', 300) };
  const path = fileWith(t, changed([said, unsaid]));
  await store.capture(path, 'web', { parent: 'web', changedRanges: [{ offset: said.offset, length: 300 }] });
  t.true((await restoredBytes(store, 'web')).equals(changed([said])));
});

test('a change that nobody said leads to a full read and a warning', async (t) => {
  const { store, warnings } = await newLibraryStore(t);
  await store.capture(fileWith(t, base), 'web');
  const other = seededDisk('another disk', base.length); // any sample finds this
  await store.capture(fileWith(t, other), 'web', { parent: 'web', changedRanges: ranges });
  t.true((await restoredBytes(store, 'web')).equals(other));
  t.is(warnings.at(-1)?.code, 'changed-ranges-unusable');
  t.regex(warnings.at(-1)!.message, /not in the list/);
});

test('what cannot be done with changed ranges is said', async (t) => {
  const { store } = await newLibraryStore(t);
  const path = fileWith(t, base);
  await store.capture(path, 'web');
  const bad = { code: 'bad-setting' };
  await t.throwsAsync(store.capture(path, 'web', { changedRanges: [] }), bad);
  await t.throwsAsync(store.capture(inPieces(base), 'web', { parent: 'web', changedRanges: [] }), bad);
  await t.throwsAsync(store.capture(path, 'web', { parent: 'web', changedRanges: [], sha256: true }), bad);
});

test('the list is read as rbd prints it, or as an object; what is neither is refused', (t) => {
  const rbd =
    '[{"offset":0,"length":4194304,"exists":"true"},{"offset":8388608,"length":4096,"exists":"false"}]';
  const expected = [
    { offset: 0, length: 4_194_304 },
    { offset: 8_388_608, length: 4096 },
  ];
  t.deepEqual(library.parseChangedRanges(rbd), expected);
  t.deepEqual(library.parseChangedRanges(`{"ranges": ${rbd}, "size": 5}`), expected);
  t.deepEqual(library.parseChangedRanges('[]'), []);
  for (const text of [
    '',
    '{',
    'null',
    '{}',
    '[1]',
    '[{"offset":-1,"length":1}]',
    '[{"offset":"0","length":1}]',
    '[{"offset":9007199254740991,"length":9}]',
  ]) {
    t.throws(() => library.parseChangedRanges(text), { code: 'bad-setting' }, text);
  }
});

test('ranges: runs of segments cover the disk, and what changed lies in touched ones', (t) => {
  const range = fc.record({ offset: fc.nat(9 * MIB), length: fc.nat(2 * MIB) });
  holds(
    t,
    fc.property(fc.array(range, { maxLength: 6 }), fc.nat(8 * MIB), (list, size) => {
      const changes = new ChangedRanges(list, size);
      const inList = (at: number) => list.some(({ offset, length }) => at >= offset && at < offset + length);
      let next = 0;
      for (const { first, end, touched } of changes.runs()) {
        if (first !== next || end <= first) return false;
        next = end;
        const pairs = changes.within(first * MIB, Math.min(end * MIB, size));
        if (touched !== pairs.length > 0) return false;
        for (let i = 0; i < pairs.length; i += 2) {
          const [from, to] = [first * MIB + pairs[i]!, first * MIB + pairs[i]! + pairs[i + 1]!];
          if (!inList(from) || !inList(to - 1) || (to < Math.min(end * MIB, size) && inList(to)) || to > size)
            return false;
        }
      }
      return next === Math.ceil(size / MIB);
    }),
  );
});
