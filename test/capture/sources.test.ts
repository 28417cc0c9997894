/** Any source of the same bytes gives the same image: the same digest, and nothing new to store. */

import { createHash } from 'node:crypto';
import {
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { inPieces, library, newLibraryStore, restoredBytes, restoredFile } from '../support/library-store.js';
import { folderFor, loopDevice } from '../support/machine.js';
import { seededDisk } from '../support/seeded-disk.js';

const MIB = 1024 ** 2;

const SIZES: readonly (readonly [name: string, size: number])[] = [
  ['nothing', 0],
  ['one byte', 1],
  ['a block less one', 4095],
  ['a block', 4096],
  ['a block and one', 4097],
  ['a segment less one', MIB - 1],
  ['a segment', MIB],
  ['a segment and one', MIB + 1],
  ['a span and some', 4 * MIB + 12_345],
  ['several spans', 13 * MIB],
];

for (const [name, size] of SIZES) {
  test.serial(`${name} (${size} bytes): from a file, from a stream, and back`, async (t) => {
    const { store } = await newLibraryStore(t);
    const folder = folderFor(t);
    const disk = join(folder, 'disk');
    const bytes = seededDisk(`size ${size}`, size);
    writeFileSync(disk, bytes);
    const fromFile = await store.capture(disk, 'web', { sha256: true });
    t.is(fromFile.size, size);
    t.is(fromFile.zeroBytes + fromFile.sharedBytes + fromFile.newBytes, size);
    t.is(fromFile.sha256, createHash('sha256').update(bytes).digest('hex'));
    t.is(fromFile.digest, (await library.digest(disk)).digest);
    const fromStream = await store.capture(inPieces(bytes), 'web', { sourceName: 'elsewhere:/dev/sda' });
    t.is(fromStream.digest, fromFile.digest);
    t.is(fromStream.newChunks, 0);
    t.is(fromStream.storedBytes, 0, 'recipes and pages are the same as well');
    t.is(fromStream.image?.source.path, 'elsewhere:/dev/sda');
    t.true((await restoredBytes(store, 'web')).equals(bytes));
    t.true((await restoredFile(store, 'web~1', join(folder, 'target'))).equals(bytes));
  });
}

test.serial('a loop device gives what its file gives', async (t) => {
  const { store } = await newLibraryStore(t);
  const disk = join(folderFor(t), 'disk');
  writeFileSync(disk, seededDisk('loop', 9 * MIB + 512));
  const device = loopDevice(t, disk);
  if (device === undefined) return;
  const fromDevice = await store.capture(device, 'web');
  t.is(fromDevice.image?.source.kind, 'device');
  t.is(fromDevice.size, 9 * MIB + 512);
  const fromFile = await store.capture(disk, 'web');
  t.is(fromFile.digest, fromDevice.digest);
  t.is(fromFile.storedBytes, 0);
});

test.serial('a sparse file of 257 MiB gives what a stream of it gives, quickly', async (t) => {
  const { store } = await newLibraryStore(t);
  const folder = folderFor(t);
  const disk = join(folder, 'disk');
  const size = 257 * MIB + 777;
  const data = seededDisk('sparse', MIB + 5000);
  const places = [0, 3 * MIB - 2000, 100 * MIB + 1, 256 * MIB - 1];
  const file = openSync(disk, 'w');
  ftruncateSync(file, size);
  for (const place of places) writeSync(file, data, 0, data.length, place);
  closeSync(file);
  const fromFile = await store.capture(disk, 'web', { sha256: true });
  t.true(fromFile.zeroBytes > 250 * MIB);
  const bytes = readFileSync(disk);
  t.is(fromFile.sha256, createHash('sha256').update(bytes).digest('hex'));
  const fromStream = await store.capture(inPieces(bytes, 3 * MIB + 1), 'web');
  t.is(fromStream.digest, fromFile.digest);
  t.is(fromStream.storedBytes, 0);
  const target = join(folder, 'target');
  t.true((await restoredFile(store, 'web', target)).equals(bytes));
  t.true(512 * statSync(target).blocks < 8 * MIB, 'the target is sparse');
});

test.serial('zeros written out are holes like those of a sparse file', async (t) => {
  const { store } = await newLibraryStore(t);
  const folder = folderFor(t);
  writeFileSync(join(folder, 'full'), Buffer.alloc(10 * MIB));
  const file = openSync(join(folder, 'sparse'), 'w');
  ftruncateSync(file, 10 * MIB);
  closeSync(file);
  const full = await store.capture(join(folder, 'full'), 'zeros');
  const sparse = await store.capture(join(folder, 'sparse'), 'zeros');
  t.is(full.digest, sparse.digest);
  t.is(full.chunks, 0);
  t.is(full.zeroBytes, 10 * MIB);
  t.is(sparse.storedBytes, 0);
});
