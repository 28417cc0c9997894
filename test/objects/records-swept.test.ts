/** Records that gc sweeps away between somebody's listing and reading: the newer ones count. */
import test, { type ExecutionContext } from 'ava';
import { blake3 } from '../../src/hashing/blake3.js';
import { claimMark, listMarks } from '../../src/images/marks.js';
import {
  changeNameRecord,
  emptyRecord,
  readNameRecord,
  readNameRecordLeniently,
} from '../../src/images/name-records.js';
import type { FolderStore } from '../../src/objects/folder-store.js';
import { markKey, nameFolder, nameKey, type PubId } from '../../store-format/index.js';
import { TestEngine } from '../support/test-engine.js';

const NAME = 'web';
const FOLDER = nameFolder(NAME, blake3);
const IMAGE = 'a'.repeat(32) as PubId;

/** The first read of `key` comes when `meanwhile` has happened. */
function whenRead(objects: FolderStore, key: string, meanwhile: () => Promise<void>): void {
  const get = objects.get.bind(objects);
  objects.get = async (wanted, range) => {
    if (wanted === key) {
      objects.get = get;
      await meanwhile();
    }
    return get(wanted, range);
  };
}

const protect = (objects: FolderStore, ...images: PubId[]) =>
  changeNameRecord(objects, NAME, () => ({ ...emptyRecord(NAME), protected: images }));

async function sweptNameRecord(t: ExecutionContext): Promise<FolderStore> {
  const { objects } = await TestEngine.make(t);
  await protect(objects);
  whenRead(objects, nameKey(FOLDER, 1), async () => {
    await protect(objects);
    await protect(objects, IMAGE);
    await objects.delete(nameKey(FOLDER, 1));
  });
  return objects;
}

test('of a name: readers and writers read the newest', async (t) => {
  t.deepEqual((await readNameRecord(await sweptNameRecord(t), NAME)).protected, [IMAGE]);
  const { record, damage } = await readNameRecordLeniently(await sweptNameRecord(t), NAME);
  t.deepEqual([record.protected, damage], [[IMAGE], undefined]);
});

test('of a name: one that is missing though it is the highest is damage', async (t) => {
  const { objects } = await TestEngine.make(t);
  await protect(objects);
  whenRead(objects, nameKey(FOLDER, 1), () => objects.delete(nameKey(FOLDER, 1)));
  await t.throwsAsync(readNameRecord(objects, NAME), { code: 'object-missing' });
});

test('of an image: the purge counts', async (t) => {
  const { objects, engine } = await TestEngine.make(t);
  const mark = (n: number, verdict: 'removed' | 'restored' | 'purged') =>
    claimMark(objects, engine.environment, IMAGE, n, verdict);
  await mark(1, 'removed');
  await mark(2, 'restored');
  whenRead(objects, markKey(IMAGE, 2), async () => {
    await mark(3, 'removed');
    await mark(4, 'purged');
    for (const n of [1, 2, 3]) await objects.delete(markKey(IMAGE, n));
  });
  t.deepEqual((await listMarks(objects, new Set([IMAGE]))).get(IMAGE), { n: 4, verdict: 'purged' });
});
