/** Captures with a parent: the same image, for less work; and nothing is taken on trust that the store no longer has. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { decodeManifest, type PubId, toHex } from '../../store-format/index.js';
import { blake3 } from '../format/oracle.js';
import { inPieces, newLibraryStore, openLibraryStore, restoredBytes } from '../support/library-store.js';
import { folderFor } from '../support/machine.js';
import { editedDisk, seededBytes, seededDisk } from '../support/seeded-disk.js';

const MIB = 1024 ** 2;

interface Stored {
  readonly pages: readonly string[];
  readonly parent: string | undefined;
  readonly counts: readonly number[];
}

function readStored(location: string, publication: string): Stored {
  const bytes = readFileSync(join(location, 'images', publication));
  const { header, pageIds } = decodeManifest(bytes, publication as PubId, blake3);
  const { zeroBytes, sharedBytes, newBytes, chunks } = header.stats;
  return {
    pages: pageIds.map((id) => toHex(id)),
    parent: header.parent,
    counts: [zeroBytes, sharedBytes + newBytes, chunks],
  };
}

function fileWith(t: ExecutionContext, bytes: Uint8Array): string {
  const path = join(folderFor(t), 'disk.img');
  writeFileSync(path, bytes);
  return path;
}

const base = seededDisk('parent', 9 * MIB + 12_345);
const later: readonly (readonly [string, Buffer])[] = [
  ['unchanged', base],
  ['edited', editedDisk(base, 'parent, edited')],
  ['longer', Buffer.concat([base, seededDisk('parent, more', 3 * MIB)])],
  ['shorter', base.subarray(0, 5 * MIB + 1)],
  ['moved by a sector', Buffer.concat([seededBytes('sector', 512), base])],
  ['zeroed in the middle', zeroed(base, 2 * MIB - 100, 3 * MIB)],
  ['empty', Buffer.alloc(0)],
  ['all zero', Buffer.alloc(base.length)],
];

function zeroed(disk: Buffer, at: number, length: number): Buffer {
  return Buffer.from(disk).fill(0, at, at + length);
}

for (const [name, disk] of later) {
  test(`${name}: pages and counts are those of a capture without a parent`, async (t) => {
    const { store, location } = await newLibraryStore(t);
    const first = await store.capture(fileWith(t, base), 'disk');
    const plain = await store.capture(fileWith(t, disk), 'plain', { parent: false });
    const file = await store.capture(fileWith(t, disk), 'disk');
    const stream = await store.capture(inPieces(disk), 'other', { parent: `@${first.image!.id}` });
    const expected = readStored(location, plain.image!.publication);
    t.is(expected.parent, undefined);
    for (const { image, digest } of [file, stream]) {
      const { pages, counts, parent } = readStored(location, image!.publication);
      t.deepEqual(pages, expected.pages);
      t.deepEqual(counts, expected.counts);
      t.is(parent, first.image!.publication);
      t.is(digest, plain.digest);
    }
    t.true((await restoredBytes(store, 'disk')).equals(disk));
    t.is(file.newBytes, 0);
  });
}

test('without a hint, the parent is the newest of the name, else the image most like the disk', async (t) => {
  const { store } = await newLibraryStore(t);
  const other = await store.capture(fileWith(t, seededDisk('unlike', 8 * MIB)), 'unlike');
  const web = await store.capture(fileWith(t, base), 'web');
  await store.capture(fileWith(t, seededDisk('unlike too', 8 * MIB)), 'unlike-too');
  const clone = await store.capture(fileWith(t, editedDisk(base, 'clone')), 'clone');
  t.is(clone.image!.parent, web.image!.publication);
  const again = await store.capture(fileWith(t, base), 'unlike');
  t.is(again.image!.parent, other.image!.publication);
  const alone = await store.capture(fileWith(t, seededDisk('like nothing', 8 * MIB)), 'alone');
  t.is(alone.image!.parent, undefined);
});

test('a parent that was removed is not chosen, and one that is not there is an error', async (t) => {
  const { store } = await newLibraryStore(t);
  await store.capture(fileWith(t, base), 'web');
  await store.remove('web');
  const { image } = await store.capture(fileWith(t, base), 'web');
  t.is(image!.parent, undefined);
  await t.throwsAsync(store.capture(fileWith(t, base), 'web', { parent: 'nobody' }), {
    code: 'unknown-reference',
  });
});

for (const fresh of [false, true]) {
  test(`a parent whose pack is gone is not relied on (${fresh ? 'another' : 'the same'} process's index)`, async (t) => {
    const { store, location } = await newLibraryStore(t);
    const path = fileWith(t, base);
    await store.capture(path, 'web');
    await store.close();
    for (const pack of packsOf(location)) rmSync(pack);
    if (fresh) rmSync(join(location, 'index'), { recursive: true });
    const { store: next, warnings } = await openLibraryStore(t, location);
    const { image, newBytes } = await next.capture(path, 'web');
    t.true(newBytes > 0, 'what was lost is stored again');
    t.true((await restoredBytes(next, `@${image!.id}`)).equals(base), JSON.stringify(warnings));
    t.deepEqual((await next.verify([`@${image!.id}`])).problems, []);
  });
}

test('one data pack of many is gone: what it held is stored again, also where segments equal the parent’s', async (t) => {
  const { store, location } = await newLibraryStore(t);
  const path = fileWith(t, base);
  const first = await store.capture(path, 'web');
  const more = await store.capture(fileWith(t, editedDisk(base, 'second pack')), 'web');
  t.is(more.image!.parent, first.image!.publication);
  await store.close();
  const [largest] = packsOf(location).sort((a, b) => readFileSync(b).length - readFileSync(a).length);
  rmSync(largest!);
  const { store: next } = await openLibraryStore(t, location);
  const { image } = await next.capture(path, 'third', { parent: `@${more.image!.id}` });
  t.true((await restoredBytes(next, `@${image!.id}`)).equals(base));
});

function packsOf(location: string): string[] {
  return readdirSync(join(location, 'packs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
