import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { FolderStore } from '../../src/objects/folder-store.js';
import { storeFolders } from '../../store-format/index.js';
import { temporaryFolder } from '../cli/run-doppel.js';
import { testObjectStore } from '../contract/object-store.js';
import { filesOf } from '../support/store-files.js';

async function make(): Promise<FolderStore> {
  const folder = join(await temporaryFolder(), 'store');
  await FolderStore.create(folder, storeFolders());
  return FolderStore.open(folder, '0011223344556677');
}

testObjectStore(test, 'folder', make);

test('sweep deletes what dead leases left, and leaves the living and the nameless alone', async (t) => {
  const store = await make();
  const [living, dead] = ['a'.repeat(32), 'd'.repeat(32)];
  const hold = await store.hold(`leases/${living}`, Buffer.from('lease'));
  writeFileSync(join(store.location, 'leases', dead), 'nobody holds it');
  const uploads = [await store.upload(living), await store.upload(dead)];
  const nameless = join(store.location, 'tmp', '0123456789abcdef.0');
  writeFileSync(nameless, 'younger than a day');
  await store.sweep();
  const left = filesOf(store.location, 'tmp');
  t.is(left.length, 2);
  t.true(left.some((path) => path.includes(living)) && existsSync(nameless));
  for (const upload of uploads) await upload.abort();
  await hold.release();
});
