/** gc on a real folder, with several processes at work. */
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { HeldLease } from '../../src/engine/lease.js';
import { pinImage, unpin } from '../../src/engine/pins.js';
import { gc } from '../../src/gc/gc.js';
import { blake3 } from '../../src/hashing/blake3.js';
import type { ObjectStore } from '../../src/objects/object-store.js';
import { scrub } from '../../src/scrub/scrub.js';
import { encodeRecord, type PubId } from '../../store-format/index.js';
import { editedDisk, seededBytes, seededDisk } from '../support/seeded-disk.js';
import { filesOf, flipByte, packFiles, packOf } from '../support/store-files.js';
import { GcStore } from './gc-store.js';

const MIB = 1024 ** 2;
const web = seededDisk('web', 2.5 * MIB + 100);
const later = editedDisk(web, 'later');
const mail = seededDisk('mail', 1.5 * MIB);

const packBytes = (store: GcStore) =>
  packFiles(store.folder).reduce((sum, { packBytes }) => sum + packBytes, 0);

test.serial('gives back what removed images alone needed, and nothing else', async (t) => {
  const store = await GcStore.make(t);
  await store.capture(web, 'web');
  await store.capture(later, 'later');
  await store.capture(mail, 'mail');
  const fresh = await GcStore.make(t);
  await fresh.capture(later, 'later');
  const before = packBytes(store);
  await store.remove('web');
  await store.remove('mail');

  const preview = await store.gc({ dryRun: true });
  t.is(packBytes(store), before, 'a dry run changes nothing');
  t.deepEqual(store.names('leases'), []);
  const result = await store.gc();
  t.is(result.freedBytes, before - packBytes(store));
  t.is(result.purgedImages, 2);
  t.is(result.waitingPacks, 0);
  const saved = before - packBytes(fresh);
  t.true(result.freedBytes >= 0.97 * saved, `${result.freedBytes} of ${saved}`);
  t.true(
    Math.abs(preview.freedBytes - result.freedBytes) <= 0.01 * result.freedBytes + 2000,
    `${preview.freedBytes}, ${result.freedBytes}`,
  );
  t.deepEqual(
    { purged: preview.purgedImages, dropped: preview.droppedPacks, repacked: preview.repackedPacks },
    { purged: result.purgedImages, dropped: result.droppedPacks, repacked: result.repackedPacks },
  );
  await store.restores(t, 'later', later);
  for (const folder of ['condemned', 'leases', 'tmp']) t.deepEqual(store.names(folder), [], folder);
  t.is(store.names('images').length, 1);
  await t.throwsAsync((await store.process()).library.undelete('web'), { code: 'unknown-reference' });

  const again = await store.gc();
  t.deepEqual([again.droppedPacks, again.repackedPacks, again.freedBytes], [0, 0, 0]);
});

test.serial('frames that are needed whole keep their compressed bytes', async (t) => {
  const store = await GcStore.make(t);
  const image = await store.capture(Buffer.concat([web, mail]), 'both');
  await store.capture(web, 'web');
  const hashes = packOf(store.folder, image.publication, 'data').footer.frames.map(({ hash }) =>
    Buffer.from(hash).toString('hex'),
  );
  await store.remove('both');
  const { repackedPacks } = await store.gc();
  t.true(repackedPacks > 0);
  const moved = packFiles(store.folder).flatMap(({ footer }) =>
    footer.frames.map(({ hash }) => Buffer.from(hash).toString('hex')),
  );
  const kept = hashes.filter((hash) => moved.includes(hash));
  t.true(
    kept.length > hashes.length / 3 && kept.length < hashes.length,
    `${kept.length} of ${hashes.length}`,
  );
  await store.restores(t, 'web', web);
});

test.serial('of what two captures stored at once, one copy stays, and never the bad one', async (t) => {
  for (const hurt of ['none', 'first', 'second'] as const) {
    const store = await GcStore.make(t);
    const [a, b] = [await store.process(), await store.process()];
    await Promise.all([a.catalog(), b.catalog()]);
    // Both look at an empty store before either has written: a listing that is not taken again.
    a.catalog = memoized(a.catalog.bind(a));
    b.catalog = memoized(b.catalog.bind(b));
    await Promise.all([a.catalog(), b.catalog()]);
    const first = await store.capture(web, 'first', a);
    const second = await store.capture(web, 'second', b);
    const doubled = packBytes(store);
    const hurtImage = hurt === 'first' ? first : second;
    if (hurt !== 'none') {
      const { path, footer } = packOf(store.folder, hurtImage.publication, 'data');
      for (const { offset, storedBytes } of footer.frames)
        flipByte(path, offset + Math.floor(storedBytes / 2));
    }
    await store.gc();
    if (hurt === 'none') t.true(packBytes(store) < 0.55 * doubled, `${packBytes(store)} of ${doubled}`);
    await store.restores(t, 'first', web, `${hurt} was hurt`);
    await store.restores(t, 'second', web, `${hurt} was hurt`);
  }
});

function memoized<A extends unknown[], R>(make: (...words: A) => R): (...words: A) => R {
  let made: { readonly value: R } | undefined;
  return (...words) => {
    made ??= { value: make(...words) };
    return made.value;
  };
}

test.serial('a pack stays that holds something needed which cannot be read', async (t) => {
  const store = await GcStore.make(t);
  const image = await store.capture(Buffer.concat([web, mail]), 'both');
  await store.capture(web, 'web');
  const { path, footer, id } = packOf(store.folder, image.publication, 'data');
  const [frame] = footer.frames;
  flipByte(path, frame!.offset + Math.floor(frame!.storedBytes / 2));
  await store.remove('both');
  const result = await store.gc();
  t.true(packFiles(store.folder).some((pack) => pack.id === id));
  t.true(store.warnings.some(({ code }) => code === 'pack-damaged'));
  t.deepEqual(store.names('condemned'), []);
  t.is(result.waitingPacks, 0);
  const error = await t.throwsAsync(store.bytesOf('web'), { code: 'chunk-damaged' });
  t.truthy(error);
});

test.serial('a condemned pack that cannot be given up stays, and is told of', async (t) => {
  const store = await GcStore.make(t);
  const image = await store.capture(web, 'web');
  const { path, footer, id } = packOf(store.folder, image.publication, 'data');
  const { objects } = await store.process();
  const key = `condemned/${id}`;
  const record = { pack: id, gc: 'a'.repeat(32), atMs: 0 };
  await objects.claim(key, encodeRecord('condemned', key, record, blake3)); // as a gc that was killed leaves it
  flipByte(path, footer.frames[0]!.offset + 20);
  const { waitingPacks } = await store.gc();
  t.is(waitingPacks, 1);
  t.true(packFiles(store.folder).some((pack) => pack.id === id));
  t.true(
    store.warnings.some(({ code, message }) => code === 'pack-damaged' && message.includes(id.slice(0, 12))),
  );
});

test.serial('attestations that later ones replace are swept, and packs stay decoded', async (t) => {
  const store = await GcStore.make(t);
  await store.capture(seededDisk('attested', MIB), 'web');
  const scrubAfter = async (hours: number, depth: 'stored' | 'decoded' | 'redecoded') =>
    scrub(await store.process(undefined, hours), { depth });
  const { packs } = await scrubAfter(0, 'decoded');
  for (const hours of [1, 2, 3]) await scrubAfter(hours, 'decoded');
  t.is(store.names('attested').length, 4);
  await store.gc();
  t.is(store.names('attested').length, 2, 'the one that decoded, and the last that read');
  t.is((await scrubAfter(4, 'decoded')).checkedEntries, 0, 'none is decoded again');
  t.is((await scrub(await store.process(undefined, 5), { olderThanMs: 90 * 60_000 })).checkedPacks, 0);
  t.true((await scrubAfter(6, 'redecoded')).checkedEntries > packs);
  await store.gc();
  t.is(store.names('attested').length, 1, 'it says all that the others said');
});

test.serial('an attestation that cannot be read is told of, and nothing else', async (t) => {
  const store = await GcStore.make(t);
  await store.capture(web, 'web');
  await store.remove('web');
  writeFileSync(join(store.folder, 'attested', 'c'.repeat(32)), 'nonsense');
  t.is((await store.gc()).purgedImages, 1);
  t.deepEqual(store.names('packs'), []);
  t.true(
    store.warnings.some(({ code, message }) => code === 'object-skipped' && message.includes('attested/')),
  );
});

test.serial('whatever cannot be read or understood stops gc before anything is deleted', async (t) => {
  const cases: Record<string, (store: GcStore, publication: string) => void> = {
    'a manifest is damaged': (store, publication) => flipByte(join(store.folder, 'images', publication), 200),
    'a recipe is damaged': (store, publication) => {
      const { path, footer } = packOf(store.folder, publication, 'meta');
      flipByte(path, footer.frames[0]!.offset + 40);
    },
    'a meta pack is gone': (store, publication) => rmSync(packOf(store.folder, publication, 'meta').path),
    'a data pack is gone': (store, publication) => rmSync(packOf(store.folder, publication, 'data').path),
    'an object of a strange name in images/': (store) => writeFileSync(join(store.folder, 'images', 'x'), ''),
    'an object of a strange name in pins/': (store) => writeFileSync(join(store.folder, 'pins', 'x'), ''),
    'an object of a strange name in leases/': (store) => writeFileSync(join(store.folder, 'leases', 'x'), ''),
    'an object of a strange name in removed/': (store) =>
      writeFileSync(join(store.folder, 'removed', 'x'), ''),
    'a lease is damaged': (store) => writeFileSync(join(store.folder, 'leases', 'a'.repeat(32)), 'lease'),
    'a pin is damaged': (store) => writeFileSync(join(store.folder, 'pins', 'a'.repeat(32)), 'pin'),
    'the newest config is damaged': (store) =>
      writeFileSync(join(store.folder, 'config', '0000000009'), 'config'),
    'a manifest stands under another name': (store, publication) =>
      copyFileSync(join(store.folder, 'images', publication), join(store.folder, 'images', 'b'.repeat(32))),
  };
  for (const [title, hurt] of Object.entries(cases)) {
    const store = await GcStore.make(t);
    const image = await store.capture(web, 'web');
    await store.capture(mail, 'mail');
    await store.remove('mail');
    const process = await store.process();
    hurt(store, image.publication);
    const packs = filesOf(store.folder, 'packs');
    const error = await t.throwsAsync(gc(process, { waitMs: 0 }), { name: 'StoreError' }, title);
    t.log(`${title}: ${error?.message}`);
    t.deepEqual(filesOf(store.folder, 'packs'), packs, title);
    t.deepEqual(store.names('condemned'), [], title);
  }
});

test.serial('waits for whoever began before, and the next run goes on', async (t) => {
  const store = await GcStore.make(t);
  await store.capture(web, 'web');
  await store.capture(mail, 'mail');
  await store.remove('web');
  const reader = await store.process();
  const lease = await HeldLease.take(reader.objects, reader.environment, 'read', []);
  const first = await store.gc();
  t.true(first.waitingPacks > 0);
  t.is(first.waitingPacks, store.names('condemned').length);
  const stillThere = packFiles(store.folder).length;
  await lease.release();
  const second = await store.gc();
  t.is(second.waitingPacks, 0);
  t.is(packFiles(store.folder).length, stillThere - first.waitingPacks);
  t.deepEqual(store.names('condemned'), []);
  await store.restores(t, 'mail', mail);
});

test.serial('a run that waits ends soon after whom it waits for', async (t) => {
  const store = await GcStore.make(t);
  await store.capture(web, 'web');
  await store.remove('web');
  const reader = await store.process();
  const lease = await HeldLease.take(reader.objects, reader.environment, 'read', []);
  const phases = new Set<string>();
  const onProgress = ({ phase }: { readonly phase: string }) => {
    if (phase === 'wait' && !phases.has(phase)) void lease.release();
    phases.add(phase);
  };
  const result = await store.gc({ waitMs: 60_000, onProgress });
  t.true(phases.has('wait'));
  t.is(result.waitingPacks, 0);
  t.deepEqual(store.names('packs'), []);
});

test.serial('what readers and pins hold stays until they end; dead readers hold nothing', async (t) => {
  const store = await GcStore.make(t);
  const image = await store.capture(web, 'web');
  const publication = image.publication as PubId;
  const { objects, environment } = await store.process();
  const lease = await HeldLease.take(objects, environment, 'read', [publication]);
  const pin = await pinImage(objects, environment, publication, 'overlay');
  await store.remove('web');
  t.is((await store.gc()).keptImages, 1);
  t.is(store.names('images').length, 1);
  await lease.release();
  t.is((await store.gc()).keptImages, 1);
  await unpin(objects, pin.id);
  // As a killed process leaves it: the lease object is there, its lock is not.
  const other = await store.process();
  const dead = await HeldLease.take(other.objects, other.environment, 'read', [publication]);
  const bytes = readFileSync(join(store.folder, 'leases', dead.id));
  await dead.release();
  writeFileSync(join(store.folder, 'leases', dead.id), bytes);
  t.is((await store.gc()).purgedImages, 1);
  t.deepEqual(store.names('packs'), []);
  t.deepEqual(store.names('leases'), []);
  await t.throwsAsync(pinImage(objects, environment, publication, 'too late'), { code: 'image-purged' });
  t.deepEqual(store.names('pins'), []);
});

test.serial('removed images have a grace, and so have packs that no image names yet', async (t) => {
  const store = await GcStore.make(t, { removedGraceHours: 5 });
  await store.capture(web, 'web');
  await store.capture(mail, 'mail');
  await store.remove('web');
  t.is((await store.gc()).keptImages, 1);
  const soon = await store.process(undefined, 4);
  t.is((await gc(soon, { waitMs: 0 })).keptImages, 1);
  await (await store.process()).library.undelete('web');
  await store.remove('web');
  const late = await store.process(undefined, 6);
  t.is((await gc(late, { waitMs: 0 })).purgedImages, 1);
  await store.restores(t, 'mail', mail);

  const packs = store.names('packs').length;
  async function* stopped() {
    yield seededBytes('stopped', 24 * MIB);
    throw new Error('stopped');
  }
  const process = await store.process();
  const { capture } = await import('../../src/capture/capture.js');
  await t.throwsAsync(capture(process, stopped(), 'stopped', {}), { message: /stopped/ });
  t.true(store.names('packs').length > packs, 'whole packs are left for the next capture');
  await store.gc();
  t.true(store.names('packs').length > packs);
  t.is((await gc(await store.process(undefined, 23), { waitMs: 0 })).freedBytes, 0);
  // Another capture uses what lies there; when its image goes, nothing is kept for a grace.
  await store.capture(seededBytes('stopped', 24 * MIB), 'again');
  await store.remove('again');
  await gc(await store.process(undefined, 6), { waitMs: 0 });
  t.is(store.names('packs').length, packs);

  await t.throwsAsync(capture(await store.process(), stopped(), 'stopped', {}), { message: /stopped/ });
  await store.gc();
  t.true(store.names('packs').length > packs);
  await store.gc({ graceMs: 0 });
  t.is(store.names('packs').length, packs);
});

test.serial('what gc itself moved goes at once when its images go', async (t) => {
  const store = await GcStore.make(t);
  await store.capture(Buffer.concat([web, mail]), 'both');
  await store.capture(web, 'web');
  await store.remove('both');
  t.true((await store.gc()).rewrittenBytes > 0);
  t.is(store.names('attested').length, 1);
  await store.remove('web');
  await store.gc();
  t.deepEqual(store.names('packs'), []);
  t.deepEqual(store.names('attested'), []);
});

test.serial('many small packs become few; --max-repack leaves the rest to later runs', async (t) => {
  const store = await GcStore.make(t);
  let disk = mail;
  for (let i = 0; i < 9; i++) {
    await store.capture(disk, 'mail');
    disk = editedDisk(disk, `${i}`);
  }
  t.is(store.names('packs').length, 18);
  const little = await store.gc({ maxRepackBytes: 300_000 });
  t.true(little.rewrittenBytes > 0 && little.rewrittenBytes < 400_000, `${little.rewrittenBytes}`);
  await store.gc();
  t.true(store.names('packs').length <= 4, `${store.names('packs').length}`);
  t.deepEqual((await store.gc()).rewrittenBytes, 0, 'and then there is nothing to do');
  disk = mail;
  for (let i = 8; i >= 0; i--) {
    await store.restores(t, i === 0 ? 'mail' : `mail~${i}`, disk);
    disk = editedDisk(disk, `${8 - i}`);
  }
});

test.serial('a second gc says so and leaves', async (t) => {
  const store = await GcStore.make(t);
  await store.capture(web, 'web');
  await store.remove('web');
  const reader = await store.process();
  const lease = await HeldLease.take(reader.objects, reader.environment, 'read', []);
  let second: Promise<unknown> | undefined;
  const onProgress = ({ phase }: { readonly phase: string }) => {
    if (phase !== 'wait' || second !== undefined) return;
    second = store.gc().catch((error: unknown) => error);
    void second.then(() => lease.release());
  };
  await store.gc({ waitMs: 60_000, onProgress });
  t.like(await second, { code: 'gc-running' });
});

test.serial('stopped at many moments it leaves a store that the next run clears up', async (t) => {
  const prepared = await GcStore.make(t);
  await prepared.capture(Buffer.concat([web, mail]), 'both');
  await prepared.capture(later, 'later');
  await prepared.remove('both');
  let stops = 0;
  for (let requests = 0; ; requests += 9) {
    const store = prepared.copyFor(t);
    const stop = new AbortController();
    let left = requests;
    const process = await store.process((objects) =>
      countingRequests(objects, () => left-- === 0 && stop.abort(new Error('stopped'))),
    );
    const outcome = await gc(process, { waitMs: 0, signal: stop.signal }).catch((error: unknown) => error);
    if (outcome instanceof Error) t.is(outcome.message, 'stopped');
    for (const folder of ['leases', 'tmp'])
      t.deepEqual(store.names(folder), [], `${folder} after ${requests}`);
    await store.restores(t, 'later', later, `stopped at request ${requests}`);
    await store.gc({ graceMs: 0 });
    await store.restores(t, 'later', later, `cleared up after request ${requests}`);
    t.deepEqual(store.names('condemned'), []);
    if (left >= 0) break; // it ended before it was to be stopped
    if (outcome instanceof Error) stops++;
  }
  t.true(stops >= 5, `${stops} stops`);
});

/** The same place, which tells of each request before it is carried out. */
function countingRequests(objects: ObjectStore, onRequest: () => void): ObjectStore {
  return new Proxy(objects, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== 'function') return value;
      return (...words: unknown[]) => {
        onRequest();
        return Reflect.apply(value, target, words) as unknown;
      };
    },
  });
}
