import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { LevelIndex } from '../../src/chunk-index/level-index.js';
import { MemoryIndex } from '../../src/chunk-index/memory-index.js';
import { acquireSlot, discardFreeSlots } from '../../src/chunk-index/slots.js';
import { temporaryFolder } from '../cli/run-doppel.js';
import { footerOf, idsOf, packIdOf, packsNamed, testChunkIndex } from '../contract/chunk-index.js';
import { folderFor } from '../support/machine.js';
import { seededBytes } from '../support/seeded-disk.js';
import { filesOf } from '../support/store-files.js';

testChunkIndex(test, 'memory', async () => new MemoryIndex());
testChunkIndex(test, 'LevelDB', async () => LevelIndex.open(join(await temporaryFolder(), 'index')));

test('LevelDB: what was added is there when it is opened again', async (t) => {
  const folder = join(folderFor(t), 'index');
  const ids = idsOf('a', 500);
  const first = await LevelIndex.open(folder);
  await first.add(packIdOf('a'), footerOf(ids));
  await first.close();
  const second = await LevelIndex.open(folder);
  await second.add(packIdOf('b'), footerOf(idsOf('b', 3)));
  t.deepEqual(second.find(ids, 32 * 7), [{ pack: packIdOf('a'), ordinal: 7 }]);
  t.deepEqual([...second.packs].sort(), [packIdOf('a'), packIdOf('b')].sort());
  await second.close();
});

test('slots: two users at once have a database each; the second starts from a copy of what was at rest', async (t) => {
  const folder = join(folderFor(t), 'index');
  const seed = await acquireSlot(folder);
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    await seed.index.add(packIdOf(name), footerOf(idsOf(name, 50)));
  await seed.close();
  const [one, two] = [await acquireSlot(folder), await acquireSlot(folder)];
  t.is(one.index.packs.size, 5);
  t.is(two.index.packs.size, 5, 'copied from the base');
  await one.index.add(packIdOf('one'), footerOf(idsOf('one', 5)));
  t.deepEqual(two.index.find(idsOf('one', 5), 0), []);
  t.deepEqual(two.index.find(idsOf('e', 50), 32), [{ pack: packIdOf('e'), ordinal: 1 }]);
  await two.close();
  t.is(await discardFreeSlots(folder), 1, 'the slot in use is left');
  t.deepEqual(one.index.find(idsOf('one', 5), 0), [{ pack: packIdOf('one'), ordinal: 0 }]);
  await one.close();
});

test('slots: a damaged one is made anew', async (t) => {
  const folder = join(folderFor(t), 'index');
  const first = await acquireSlot(folder);
  await first.index.add(packIdOf('a'), footerOf(idsOf('a', 50)));
  await first.close();
  for (const path of filesOf(folder, '').filter((one) => /CURRENT$/.test(one))) writeFileSync(path, 'noise');
  const second = await acquireSlot(folder);
  t.truthy(second.damage);
  t.is(second.index.packs.size, 0);
  await second.index.add(packIdOf('a'), footerOf(idsOf('a', 50)));
  await second.close();
  const third = await acquireSlot(folder);
  t.is(third.damage, undefined);
  t.is(third.index.packs.size, 1);
  await third.close();
});

test('LevelDB: tables of noise never end a look-up or an addition with an error', async (t) => {
  const folder = join(folderFor(t), 'index');
  const ids = idsOf('a', 4000);
  const first = await LevelIndex.open(folder);
  await first.add(packIdOf('a'), footerOf(ids));
  await first.close();
  await (await LevelIndex.open(folder)).close(); // the log becomes a table
  const tables = readdirSync(folder).filter((name) => name.endsWith('.ldb'));
  t.true(tables.length > 0);
  for (const name of tables) {
    const bytes = readFileSync(join(folder, name));
    // The pack rows stand at the end: only the entries are hurt, so that opening succeeds.
    seededBytes(name, bytes.length >> 1).copy(bytes, 1000);
    writeFileSync(join(folder, name), bytes);
  }
  const index = await LevelIndex.open(folder);
  for (let i = 0; i < 4000; i += 50) index.find(ids, 32 * i);
  await t.notThrowsAsync(index.add(packIdOf('b'), footerOf(ids)));
  t.truthy(index.damage);
  await index.close();
});

test('LevelDB: a filling that was cut off leaves nothing known, and the next one knows all', async (t) => {
  const folder = join(folderFor(t), 'index');
  const names = Array.from({ length: 20 }, (_, i) => `pack ${i}`);
  const ids = (name: string) => idsOf(name, 200);
  const first = await LevelIndex.open(folder);
  const stop = new AbortController();
  const cutOff = first.addAll(packsNamed(names, ids), {
    expectedPacks: names.length,
    signal: stop.signal,
    onProgress: (share) => share > 0.7 && stop.abort(new Error('stopped')),
  });
  await t.throwsAsync(cutOff, { message: 'stopped' });
  t.is(first.packs.size, 0);
  await first.add(packIdOf('other'), footerOf(ids('other')));
  t.deepEqual(first.find(ids('pack 3'), 0), [], 'numbers of the filling are not given again');
  await first.close();
  const second = await LevelIndex.open(folder);
  t.deepEqual([...second.packs], [packIdOf('other')]);
  await second.addAll(packsNamed(names, ids), { expectedPacks: names.length });
  for (const name of names) {
    t.deepEqual(second.find(ids(name), 32 * 199), [{ pack: packIdOf(name), ordinal: 199 }]);
  }
  await second.close();
});

test('slots: rows are on disk once, however many processes came and went', async (t) => {
  const folder = join(folderFor(t), 'index');
  let rows = 0;
  for (let run = 0; run < 12; run++) {
    const slots = [await acquireSlot(folder), await acquireSlot(folder)];
    for (const { index } of slots) await index.add(packIdOf(`${run}`), footerOf(idsOf(`${run}`, 500)));
    rows += 500;
    for (const slot of slots) await slot.close();
    const bytes = filesOf(folder, '').reduce((sum, path) => sum + statSync(path).size, 0);
    t.true(bytes < 48 * rows + 64 * 1024, `${bytes} bytes of ${rows} rows`);
  }
});

test('slots: what a killed process left is used when it knows more than the base, else not', async (t) => {
  const folder = join(folderFor(t), 'index');
  const inside = (name: string) => join(folder, 'v1', name);
  const first = await acquireSlot(folder);
  await first.index.add(packIdOf('a'), footerOf(idsOf('a', 50)));
  await first.close();
  cpSync(inside('base'), join(folder, 'older'), { recursive: true });
  const second = await acquireSlot(folder);
  await second.index.add(packIdOf('b'), footerOf(idsOf('b', 50)));
  await second.close();
  cpSync(inside('base'), inside('slot-0'), { recursive: true });
  cpSync(join(folder, 'older'), inside('slot-1'), { recursive: true });
  mkdirSync(inside('slot-2'));
  const [ahead, behind] = [await acquireSlot(folder), await acquireSlot(folder)];
  t.is(ahead.index.packs.size, 2);
  t.is(behind.index.packs.size, 2);
  t.is(behind.damage, undefined);
  await ahead.close();
  await behind.close();
  t.deepEqual(
    readdirSync(join(folder, 'v1')).filter((name) => !name.endsWith('.lock')),
    ['base'],
  );
});
