/** Stores with more entries than the table has rows: several passes find what one finds. */
import test from 'ava';
import { HeldLease } from '../../src/engine/lease.js';
import { evacuate } from '../../src/gc/evacuation.js';
import { CheckedCopies } from '../../src/reachability/checked-copies.js';
import { LostEntries } from '../../src/reachability/lost-entries.js';
import { Mark } from '../../src/reachability/mark.js';
import { listRoots, Manifests } from '../../src/reachability/roots.js';
import { Footers, Survey } from '../../src/reachability/survey.js';
import { PackKind } from '../../store-format/index.js';
import { editedDisk, seededDisk } from '../support/seeded-disk.js';
import { GcStore } from './gc-store.js';

const MIB = 1024 ** 2;

async function stored(t: Parameters<typeof GcStore.make>[0]) {
  const store = await GcStore.make(t);
  const disk = seededDisk('passes', 3 * MIB);
  await store.capture(disk, 'web');
  await store.capture(editedDisk(disk, 'later'), 'web');
  const removed = await store.capture(seededDisk('other', MIB), 'other');
  const engine = await store.process();
  const manifests = new Manifests(engine.objects);
  const { images } = await listRoots(engine.objects, manifests);
  const roots = new Set([...images].filter((image) => image !== removed.publication));
  const survey = await Survey.take(engine, new Footers(engine), {
    onUnreadable: (_pack, error) => {
      throw error;
    },
  });
  const lost = await LostEntries.read(engine.objects);
  return {
    store,
    disk,
    engine,
    lost,
    parts: { engine, survey, manifests, roots, onMissing: lost.requireExcuse.bind(lost) },
  };
}

function bitsOf(mark: Mark): string {
  let bits = '';
  for (const pack of mark.survey.packs) {
    for (let i = 0; i < pack.entries; i++)
      bits += mark.isKept(pack, i) ? 'k' : mark.isNeeded(pack, i) ? 'n' : '.';
    bits += ' ';
  }
  return bits;
}

test('a mark in many passes is the mark in one', async (t) => {
  const { parts } = await stored(t);
  const whole = bitsOf(await Mark.of(parts, {}));
  t.true(whole.includes('k') && whole.includes('.'));
  for (const tableRows of [17, 200]) {
    t.is(bitsOf(await Mark.of({ ...parts, tableRows }, {})), whole, `${tableRows} rows`);
  }
});

test('an evacuation in many passes leaves every image readable without the packs that go', async (t) => {
  for (const tableRows of [60, 1000]) {
    const { store, disk, engine, lost, parts } = await stored(t);
    const mark = await Mark.of(parts, {});
    const lease = await HeldLease.take(engine.objects, engine.environment, 'gc');
    const going = mark.survey.packs.filter(({ kind }) => kind === PackKind.data);
    const checked = new CheckedCopies();
    const footers = new Footers(engine);
    const evacuation = { engine, lease: lease.id, mark, footers, checked, lost, tableRows };
    const { stuck, copied } = await evacuate(evacuation, going);
    t.is(stuck.size, 0);
    t.true(copied > 50);
    for (const { id } of going) await engine.objects.delete(`packs/${id.slice(0, 2)}/${id}`);
    await lease.release();
    await store.restores(t, 'web~1', disk);
    await store.restores(t, 'web', editedDisk(disk, 'later'));
    const again = await evacuate({ ...evacuation, footers: new Footers(engine) }, []);
    t.deepEqual([again.copied, again.writtenBytes], [0, 0]);
  }
});
