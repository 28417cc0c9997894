/** What a repair makes of damage that the table of DAMAGE.md does not have: several things at once, and things that come back. */
import test from 'ava';
import { pinImage, unpin } from '../../src/engine/pins.js';
import { blake3 } from '../../src/hashing/blake3.js';
import type { Problem, ScrubResult } from '../../src/interface.js';
import { scrub } from '../../src/scrub/scrub.js';
import {
  decodeRecord,
  EntryKind,
  imageKey,
  LostSchema,
  type PubId,
  parsePackId,
} from '../../store-format/index.js';
import { patched } from '../format/byte-fields.js';
import { resealEnd, resealManifest } from '../format/reseal.js';
import { bytesOf, StoreInMemory } from '../support/memory-engine.js';
import { seededBytes } from '../support/seeded-disk.js';
import { flip, flipFrame, packsOf, type ScrubStore, scrubStore, sparseDisk, tailOf } from './scrub-store.js';

const MIB = 1024 ** 2;

async function isWhole({ store, disks, images }: ScrubStore): Promise<boolean> {
  const engine = await store.process();
  for (const name of ['old', 'web', 'mail'] as const) {
    const bytes = await bytesOf(engine, images[name].publication);
    if (!bytes.equals(disks[name])) return false;
  }
  return (await store.scrub()).problems.length === 0;
}

const rangesOf = ({ problems }: ScrubResult, image: string) =>
  problems
    .filter(({ image: of, offset }) => of?.endsWith(image) && offset !== undefined)
    .map(({ offset, length }): readonly [number, number] => [offset!, length!]);
const codes = (problems: readonly Problem[]) => [...new Set(problems.map(({ code }) => code))].sort();
const lostIn = ({ place }: StoreInMemory) =>
  place
    .keysIn('lost')
    .flatMap((key) => decodeRecord('lost', key, place.objects.get(key)!, LostSchema, blake3).entries);

test('a store that is no mirror gives what it has: the same disks, captured there', async (t) => {
  const prepared = await scrubStore();
  const { store, disks } = prepared;
  const other = await StoreInMemory.make();
  await other.capture(disks.mail, 'another-name');
  await other.capture(disks.web, 'web');
  await other.capture(disks.old, 'older');
  const before = new Map(other.place.objects);
  for (const key of packsOf(store, 'data')) flipFrame(store, key);
  for (const key of packsOf(store, 'meta')) store.place.objects.delete(key);
  const { repair, problems } = await store.scrub({ repair: true }, other);
  t.deepEqual(problems, []);
  t.true(repair!.fetchedEntries > 0);
  t.is(repair!.lostEntries, 0);
  t.true(await isWhole(prepared));
  t.deepEqual(other.place.objects, before, 'the other store is as it was');
  await store.gc();
  t.true(await isWhole(prepared));
});

test('a store that is no mirror gives no manifests and no records', async (t) => {
  const { store, images } = await scrubStore();
  const other = await StoreInMemory.make();
  await other.capture(sparseDisk('else', MIB), 'else');
  store.place.objects.delete(imageKey(images.mail.publication as PubId));
  await store.scrub({ repair: true }, other);
  t.deepEqual((await (await store.process()).library.list()).map(({ name }) => name).sort(), ['web', 'web']);
});

test('of two copies in the other store the good one is taken', async (t) => {
  const prepared = await scrubStore();
  const { store, disks } = prepared;
  const other = await StoreInMemory.make();
  const parts = [await other.capture(disks.mail, 'first')];
  const hidden = new Map(other.place.objects);
  for (const key of [...other.place.objects.keys()])
    if (/^(packs|images)/.test(key)) other.place.objects.delete(key);
  parts.push(await other.capture(disks.mail, 'second'));
  for (const [key, bytes] of hidden) other.place.objects.set(key, bytes);
  const [a, b] = parts.map((image) => packsOf(other, 'data', image)[0]!);
  flipFrame(other, a!, 0);
  flipFrame(other, b!, -1);
  for (const key of packsOf(store, 'data', prepared.images.mail)) store.place.objects.delete(key);
  const { problems } = await store.scrub({ repair: true }, other);
  t.deepEqual(problems, []);
  t.true(await isWhole(prepared));
});

test('a mirror brings back what stood in images/, but nothing that was purged', async (t) => {
  const prepared = await scrubStore();
  const { store, images } = prepared;
  const mirror = store.copy();
  const gone = imageKey(images.mail.publication as PubId);
  const lost = imageKey(images.web.publication as PubId);
  await store.remove(`@${images.mail.id}`);
  await store.gc({ graceMs: 0 });
  t.false(store.place.objects.has(gone));
  store.place.objects.delete(lost);
  const { repair } = await store.scrub({ repair: true }, mirror);
  t.deepEqual(repair!.replacedObjects, [lost]);
  t.false(store.place.objects.has(gone));
  t.deepEqual((await store.scrub()).problems, []);
  t.true((await bytesOf(await store.process(), images.web.publication)).equals(prepared.disks.web));
});

test('a manifest that came back asks for what gc has dropped since: the mirror has that, too', async (t) => {
  const prepared = await scrubStore();
  const { store, images } = prepared;
  const mirror = store.copy();
  store.place.objects.delete(imageKey(images.mail.publication as PubId));
  await store.gc({ graceMs: 0 });
  t.deepEqual(packsOf(store, 'data', images.mail), []);
  await store.scrub({ repair: true }, mirror);
  t.true(await isWhole(prepared));
});

test('a missing pack that comes back is whole again, and gc drops what was given up', async (t) => {
  for (const kind of ['data', 'meta'] as const) {
    const prepared = await scrubStore();
    const { store, images } = prepared;
    const [key] = packsOf(store, kind, images.mail);
    const bytes = store.place.objects.get(key!)!;
    store.place.objects.delete(key!);
    const { repair } = await store.scrub({ repair: true });
    t.true(repair!.lostEntries > 0);
    // Without recipes nobody can tell which chunks are needed: gc would take those for nobody's.
    if (kind === 'data') await store.gc();
    t.is(store.place.keysIn('lost').length, 1);
    store.place.objects.set(key!, bytes);
    t.true(await isWhole(prepared));
    await store.gc();
    t.deepEqual(store.place.keysIn('lost'), []);
    t.true(await isWhole(prepared));
  }
});

test('a page that is lost takes the whole image along, to its last byte', async (t) => {
  const { store, images, disks } = await scrubStore();
  const [key] = packsOf(store, 'meta', images.mail);
  const pageFrame = tailOf(store, key!).footer.frames.findIndex(({ kind }) => kind === EntryKind.page);
  flipFrame(store, key!, pageFrame);
  const result = await store.scrub({ repair: true });
  t.deepEqual(rangesOf(result, images.mail.id), [[0, disks.mail.length]]);
  t.deepEqual(rangesOf(result, images.web.id), []);
  await store.gc();
  t.deepEqual(rangesOf(await store.scrub(), images.mail.id), [[0, disks.mail.length]]);
});

test('a recipe that is lost takes its segment along; the last one is short', async (t) => {
  const store = await StoreInMemory.make({ frameBytes: 65_536 });
  const disk = sparseDisk('short', MIB + 70_001);
  const image = await store.capture(disk, 'short');
  const [key] = packsOf(store, 'meta', image);
  const frame = tailOf(store, key!).footer.frames.findLast(({ kind }) => kind === EntryKind.recipe)!;
  flip(store, key!, frame.offset + frame.storedBytes - 1);
  const ranges = rangesOf(await store.scrub({ repair: true }), image.id);
  const { result } = await store.restore('short', { onDamage: 'zero' });
  const sum = (all: readonly (readonly [number, number])[]) =>
    all.reduce((total, [, length]) => total + length, 0);
  t.is(sum(ranges), sum(result.damagedRanges.map(({ offset, length }) => [offset, length] as const)));
  t.true(ranges.some(([offset, length]) => offset + length === disk.length));
});

test('everything at once: manifest, data, meta, config and marks; a mirror heals it', async (t) => {
  const prepared = await scrubStore();
  const { store, images } = prepared;
  await store.remove(`@${images.mail.id}`);
  await store.undelete(`@${images.mail.id}`);
  const mirror = store.copy();
  for (const key of [...packsOf(store, 'data'), ...packsOf(store, 'meta')]) flip(store, key, -60);
  for (const folder of ['images', 'removed'])
    for (const key of store.place.keysIn(folder)) flip(store, key, 60);
  flip(store, 'config/0000000003', -1);
  const alone = store.copy();
  const { problems, repair } = await store.scrub({ repair: true }, mirror);
  t.deepEqual(problems, []);
  t.deepEqual(repair!.givenUpImages, []);
  t.true(await isWhole(prepared));
  await store.gc();
  t.true(await isWhole(prepared));
  const without = await alone.scrub({ repair: true });
  t.is(without.repair!.givenUpImages.length, 3);
  t.deepEqual(
    codes(without.problems),
    ['object-missing'],
    'images that were given up are damage in that run',
  );
  t.deepEqual((await alone.scrub()).problems, []);
  await alone.gc();
  t.deepEqual(alone.place.keysIn('images'), []);
});

test('a removed image is named as one; a purged one is not named at all', async (t) => {
  const { store, images } = await scrubStore();
  await store.remove(`@${images.mail.id}`);
  store.place.objects.delete(packsOf(store, 'data', images.mail)[0]!);
  const { problems } = await store.scrub({ repair: true });
  t.true(problems.length > 0);
  for (const { message } of problems)
    t.regex(message, /^Image mail@[0-9a-f]{8} \(removed\) has lost \d+ bytes/);
  await store.gc({ graceMs: 0 });
  t.deepEqual((await store.scrub()).problems, []);
  t.deepEqual(store.place.keysIn('lost'), [], 'nobody needs what was lost');
});

test('a pinned image is not given up: whoever pinned it decides', async (t) => {
  const { store, images } = await scrubStore();
  const { objects, environment } = await store.process();
  const image = images.mail.publication as PubId;
  const pin = await pinImage(objects, environment, image, 'a test');
  flip(store, imageKey(image), -1);
  const kept = await store.scrub({ repair: true });
  t.deepEqual(kept.repair!.givenUpImages, []);
  t.deepEqual(codes(kept.problems), ['object-damaged']);
  await t.throwsAsync(store.gc(), { code: 'object-damaged' });
  await unpin(objects, pin.id);
  t.deepEqual((await store.scrub({ repair: true })).repair!.givenUpImages, [image]);
  await t.notThrowsAsync(store.gc());
});

test('a pack whose footer is damaged beside a copy of its bytes under a wrong name: both go, nothing is lost', async (t) => {
  const prepared = await scrubStore();
  const { store, images } = prepared;
  const [key] = packsOf(store, 'data', images.mail);
  store.place.objects.set(`packs/aa/${'a'.repeat(64)}`, Buffer.from(store.place.objects.get(key!)!));
  store.place.objects.set(key!, seededBytes('noise', 70_000));
  const { repair, problems } = await store.scrub({ repair: true });
  t.deepEqual(problems, []);
  t.is(repair!.emptiedPacks, 2);
  t.is(repair!.lostEntries, 0);
  t.true(await isWhole(prepared));
  await store.gc();
  t.false(store.place.objects.has(key!));
  t.true(await isWhole(prepared));
});

test('what was lost stays excused when more is lost, and is told by every run', async (t) => {
  const { store, images } = await scrubStore();
  store.place.objects.delete(packsOf(store, 'data', images.mail)[0]!);
  const first = await store.scrub({ repair: true });
  const again = await store.scrub({ repair: true });
  t.is(again.repair!.lostEntries, first.repair!.lostEntries);
  t.is(store.place.keysIn('lost').length, 1, 'what is recorded is not recorded again');
  store.place.objects.delete(packsOf(store, 'data', images.web)[0]!);
  const more = await store.scrub({ repair: true });
  t.true(more.repair!.lostEntries > first.repair!.lostEntries);
  t.is(new Set(lostIn(store).map(({ id }) => id)).size, lostIn(store).length);
  t.is(lostIn(store).length, more.repair!.lostEntries);
  await t.notThrowsAsync(store.gc());
});

test('a fraction with --repair mends what it reads, and the next one the rest', async (t) => {
  const prepared = await scrubStore();
  const { store } = prepared;
  const mirror = store.copy();
  for (const key of packsOf(store, 'data')) flipFrame(store, key);
  const { packs } = await store.scrub({ dryRun: true });
  for (let run = 0; run < packs; run++) {
    const other = () => mirror.process();
    await scrub(await store.process(), { repair: true, fraction: 0.2 }, other);
    await store.gc();
  }
  t.true(await isWhole(prepared));
});

test('a pack that a repair has set aside is a hint until gc comes', async (t) => {
  const { store } = await scrubStore();
  const [key] = packsOf(store, 'data');
  flip(store, key!, 3);
  const { hints, problems, damagedPacks } = await store.scrub({ repair: true });
  t.deepEqual([hints, problems, damagedPacks.length], [[], [], 1]);
  const seen = await store.scrub();
  t.deepEqual(
    seen.hints.map(({ code, object }) => [code, object]),
    [['pack-emptied', key]],
  );
  t.deepEqual(seen.problems, []);
  t.true(store.place.objects.has(`damaged/${parsePackId(key!)}`));
  await store.gc();
  const after = await store.scrub();
  t.deepEqual([after.hints, after.problems, store.place.keysIn('damaged')], [[], [], []]);
});

/** A record or manifest of another version, with hashes that are right. */
function makeNewer({ place }: StoreInMemory, key: string, reseal: (bytes: Buffer) => Buffer): void {
  place.objects.set(key, reseal(patched(place.objects.get(key)!, 4, Buffer.from([9, 0]))));
}

test('what a newer version wrote is told and left as it is', async (t) => {
  const { store, images } = await scrubStore();
  const manifest = imageKey(images.mail.publication as PubId);
  await store.remove(`@${images.web.id}`);
  const [mark] = store.place.keysIn('removed');
  makeNewer(store, manifest, resealManifest);
  makeNewer(store, mark!, resealEnd);
  const before = [manifest, mark!].map((key) => store.place.objects.get(key)!);
  const { problems, repair } = await store.scrub({ repair: true });
  t.deepEqual(problems.map(({ code, object }) => `${code} ${object}`).sort(), [
    `object-unreadable ${manifest}`,
    `object-unreadable ${mark}`,
  ]);
  t.deepEqual([repair!.replacedObjects, repair!.givenUpImages], [[], []]);
  for (const [i, key] of [manifest, mark!].entries())
    t.true(store.place.objects.get(key)!.equals(before[i]!));
  await t.throwsAsync(store.gc(), { code: 'unsupported-format' });
});
