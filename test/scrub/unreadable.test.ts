/** A medium that gives an error is no damage: nothing is mended, emptied or given up for it. */
import test from 'ava';
import { scrub } from '../../src/scrub/scrub.js';
import { imageKey, type PubId } from '../../store-format/index.js';
import type { StoreInMemory } from '../support/memory-engine.js';
import { BadSectors, flipFrame, packsOf, scrubStore } from './scrub-store.js';

const withBad = (store: StoreInMemory, ...keys: string[]) =>
  store.process({ wrap: (real) => new BadSectors(real, (key) => keys.includes(key)) });

for (const kind of ['data', 'meta'] as const) {
  test(`a ${kind} pack that cannot be read now is told, and left as it is`, async (t) => {
    const { store, images } = await scrubStore();
    const [key] = packsOf(store, kind, images.mail);
    const before = new Map(store.place.objects);
    const seen = await scrub(await withBad(store, key!), {});
    const told = seen.problems.filter(
      ({ code, image }) => code === 'object-unreadable' && image === undefined,
    );
    t.deepEqual(
      told.map(({ object }) => object),
      [key],
    );
    t.true(seen.damagedPacks[0]!.unreadable);
    t.true(seen.problems.some(({ image }) => image === `mail@${images.mail.id}`));
    t.false(seen.problems.some(({ image }) => image?.startsWith('web')));
    const { repair, problems } = await scrub(await withBad(store, key!), { repair: true });
    t.true(problems.some(({ code }) => code === 'object-unreadable'));
    t.deepEqual([repair!.emptiedPacks, repair!.lostEntries, repair!.writtenBytes], [0, 0, 0]);
    t.deepEqual([store.place.keysIn('damaged'), store.place.keysIn('lost')], [[], []]);
    for (const [name, bytes] of before) t.true(store.place.objects.get(name)?.equals(bytes), name);
    await t.throwsAsync((async () => gcWith(store, key!))(), { code: 'object-unreadable' });
    t.deepEqual((await store.scrub()).problems, [], 'tomorrow it is whole');
    t.deepEqual((await store.verify()).problems, []);
  });

  test(`a ${kind} pack that was not chosen and cannot be read is found all the same where it is needed`, async (t) => {
    const { store, images } = await scrubStore();
    await store.scrub();
    const [key] = packsOf(store, kind, images.mail);
    const { problems } = await scrub(await withBad(store, key!), { resume: true });
    t.true(problems.some(({ code, object }) => code === 'object-unreadable' && object === key));
  });

  test(`what a ${kind} pack that cannot be read holds comes from another store, and the pack stays`, async (t) => {
    const { store, images } = await scrubStore();
    const [key] = packsOf(store, kind, images.mail);
    const mirror = store.copy();
    const { repair, problems } = await scrub(await withBad(store, key!), { repair: true }, () =>
      mirror.process(),
    );
    t.true(repair!.fetchedEntries > 0);
    t.deepEqual(
      problems.map(({ code }) => code),
      ['object-unreadable'],
    );
    t.true(store.place.objects.has(key!));
    t.deepEqual(store.place.keysIn('damaged'), []);
  });
}

async function gcWith(store: StoreInMemory, key: string): Promise<void> {
  const { gc } = await import('../../src/gc/gc.js');
  await gc(await withBad(store, key), { waitMs: 0 });
}

test('while a pack cannot be read nothing is given up; damage beside it is mended', async (t) => {
  const { store, images } = await scrubStore();
  const [unreadable] = packsOf(store, 'data', images.mail);
  const [hurt] = packsOf(store, 'data', images.web);
  flipFrame(store, hurt!);
  const { repair, problems } = await scrub(await withBad(store, unreadable!), { repair: true });
  t.is(repair!.emptiedPacks, 1);
  t.is(repair!.lostEntries, 0);
  t.deepEqual(store.place.keysIn('lost'), []);
  t.true(problems.some(({ image }) => image === `web@${images.web.id}`));
  await store.gc();
  t.true(store.place.objects.has(hurt!), 'gc leaves a pack alone whose bad entries nobody gave up');
  t.true((await store.scrub({ repair: true })).repair!.lostEntries > 0);
  await store.gc();
  t.false(store.place.objects.has(hurt!));
});

test('a manifest that cannot be read now is told, and its image is not given up', async (t) => {
  const { store, images } = await scrubStore();
  const key = imageKey(images.mail.publication as PubId);
  const { repair, problems } = await scrub(await withBad(store, key), { repair: true });
  t.deepEqual(
    problems.map(({ code, object }) => [code, object]),
    [['object-unreadable', key]],
  );
  t.deepEqual(repair!.givenUpImages, []);
  t.deepEqual(store.place.keysIn('removed'), []);
  t.deepEqual((await store.scrub()).problems, []);
});
