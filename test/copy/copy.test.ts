/** Copies between stores of all sorts: what stays, what is new, what is shared. */
import test, { type ExecutionContext } from 'ava';
import { capture } from '../../src/capture/capture.js';
import { EntryReader } from '../../src/contents/entry-reader.js';
import { openContents } from '../../src/contents/open-contents.js';
import { copy } from '../../src/copy/copy.js';
import type { Image } from '../../src/interface.js';
import { listPackIds } from '../../src/packs/list-packs.js';
import { readPackTail } from '../../src/packs/read-tail.js';
import { inlineWorkers } from '../../src/workers/inline-workers.js';
import { decodeExtents, EntryKind, HASH_BYTES, toHex } from '../../store-format/index.js';
import { inPieces } from '../support/library-store.js';
import { editedDisk, seededBytes, seededDisk } from '../support/seeded-disk.js';
import { CopyStore, copyBetween, type Sort } from './copy-store.js';

const KIB = 1024;
const MIB = 1024 * KIB;

const web = seededDisk('web', 3 * MIB + 4321);
const later = Buffer.concat([web.subarray(0, 2 * MIB), editedDisk(web.subarray(2 * MIB), 'later')]);
const mail = Buffer.concat([web.subarray(0, MIB), seededDisk('mail', 700 * KIB)]);

async function withImages(t: ExecutionContext, sort: Sort): Promise<CopyStore> {
  const store = await CopyStore.make(t, sort);
  await store.capture(web, 'web', {
    tag: 'stable',
    labels: { site: 'berlin', rack: '7' },
    description: 'as it was',
    sha256: true,
    sourceName: '/dev/sda',
  });
  await store.capture(mail, 'mail');
  await store.capture(later, 'web', { tag: 'next' });
  await (await store.process()).library.label('web~1', { rack: null, hall: 'B' });
  return store;
}

/** What a copy keeps of an image. */
function kept({ id, name, labels, description, started, created, size, digest, ...rest }: Image) {
  const { sha256, source, layout, badBytes, tags, writer } = rest;
  return {
    id,
    name,
    labels,
    description,
    started,
    created,
    size,
    digest,
    sha256,
    source,
    layout,
    badBytes,
    tags,
    writer,
  };
}

/** Ids of all entries, and how often each is stored. */
async function storedIds(store: CopyStore): Promise<string> {
  const { objects } = await store.process();
  const ids = new Map<string, number>();
  for (const pack of await listPackIds(objects, 'packs')) {
    const { footer } = await readPackTail(objects, pack);
    for (let at = 0; at < footer.ids.length; at += HASH_BYTES) {
      const id = toHex(footer.ids.subarray(at, at + HASH_BYTES));
      ids.set(id, (ids.get(id) ?? 0) + 1);
    }
  }
  return [...ids]
    .map(([id, times]) => `${id} ${times}`)
    .sort()
    .join('\n');
}

const WAYS: readonly { readonly from: Sort; readonly to: Sort; readonly how: 'entries' | 'cut-anew' }[] = [
  { from: 'plain', to: 'plain', how: 'entries' },
  { from: 'plain', to: 'other chunks', how: 'cut-anew' },
  { from: 'plain', to: 'keys', how: 'cut-anew' },
  { from: 'keys', to: 'plain', how: 'cut-anew' },
  { from: 'keys', to: 'keys', how: 'cut-anew' },
];

for (const { from, to, how } of WAYS) {
  test(`from ${from} to ${to}: what an image is stays, and a second copy copies nothing`, async (t) => {
    const source = await withImages(t, from);
    const target = await CopyStore.make(t, to);
    await target.capture(seededDisk('other', 64 * KIB), 'web'); // sequences are the target's own
    const before = await source.images();

    const result = await copyBetween(source, target);
    t.deepEqual(result.problems, []);
    t.deepEqual(result.alreadyThere, []);
    t.deepEqual(
      result.copied.map((copied) => [copied.how, copied.image.name, copied.image.sequence]),
      [
        [how, 'web', 2],
        [how, 'mail', 1],
        [how, 'web', 3],
      ],
    );
    for (const [reference, bytes] of [
      ['web~1', web],
      ['web', later],
      ['mail', mail],
    ] as const) {
      t.deepEqual(kept(await target.image(reference)), kept(await source.image(reference)));
      t.not((await target.image(reference)).publication, (await source.image(reference)).publication);
      await target.restores(t, reference, bytes);
    }
    await target.restores(t, 'web:stable', web);
    const first = result.copied[0]!;
    t.true(first.readBytes > 0 && first.newBytes > 0 && first.storedBytes > 0);
    t.is(first.zeroBytes + first.sharedBytes + first.newBytes, web.length);
    // Later versions cost what is new in them, also where they are cut anew.
    const last = result.copied[2]!;
    t.true(last.newBytes < 0.5 * later.length, `${last.newBytes} new`);
    if (how === 'cut-anew') t.true(last.readBytes < later.length - MIB, `${last.readBytes} read`);
    t.is(
      result.storedBytes,
      result.copied.reduce((sum, one) => sum + one.storedBytes, 0),
    );

    const packs = target.names('packs');
    const again = await copyBetween(source, target, ['web', 'web:stable', 'mail']);
    t.deepEqual(again.copied, []);
    t.deepEqual(again.alreadyThere.map(({ id }) => id).sort(), before.map(({ id }) => id).sort());
    t.deepEqual(target.names('packs'), packs);
    t.is(target.names('images').length, 4);
    await target.isSound(t);
    t.deepEqual(await source.images(), before, 'the source is as it was');
    await source.isSound(t);
  });
}

test('equal stores: the target has the same entries, once each, in packs as large', async (t) => {
  const source = await withImages(t, 'plain');
  const target = await CopyStore.make(t);
  const { storedBytes } = await copyBetween(source, target);
  t.true((await storedIds(target)) === (await storedIds(source)));
  const captured = (await source.images()).reduce((sum, image) => sum + image.storedBytes, 0);
  t.true(Math.abs(storedBytes / captured - 1) < 0.05, `${storedBytes} copied of ${captured}`);
  // The same captures made there find nothing new.
  const { newChunks } = await captureResult(target, later);
  t.is(newChunks, 0);
});

async function captureResult(store: CopyStore, bytes: Buffer) {
  return capture(await store.process(), inPieces(bytes), 'again', {});
}

test('a mirror has the same keys: frames go over with their compressed bytes, sealed anew', async (t) => {
  const source = await CopyStore.make(t, 'keys');
  await source.capture(web, 'web');
  const mirror = source.mirror(t);
  const packs = mirror.names('packs');
  const captured = await source.capture(later, 'web');
  const { copied, alreadyThere } = await copyBetween(source, mirror);
  t.is(alreadyThere.length, 1);
  t.deepEqual(
    copied.map((one) => [one.how, one.newBytes, one.storedBytes]),
    [['entries', captured.newBytes, captured.storedBytes]],
  );
  t.true(mirror.names('packs').length > packs.length);
  t.false(
    source.names('packs').some((pack) => !packs.includes(pack) && mirror.names('packs').includes(pack)),
  );
  t.true((await storedIds(mirror)) === (await storedIds(source)));
  await mirror.restores(t, 'web', later);
  await mirror.isSound(t);
});

test('what the target has by captures of its own is not copied', async (t) => {
  const source = await withImages(t, 'plain');
  const target = await CopyStore.make(t);
  await target.capture(web, 'mine');
  const { copied } = await copyBetween(source, target, ['web~1']);
  t.deepEqual(
    copied.map(({ newBytes, readBytes, newChunks }) => [newBytes, readBytes, newChunks]),
    [[0, 0, 0]],
  );
  await target.restores(t, 'web', web);
  await target.isSound(t);
});

for (const to of ['plain', 'other chunks'] as const) {
  test(`a dry run to ${to} says what a copy then does, and writes nothing`, async (t) => {
    const source = await withImages(t, 'plain');
    const target = await CopyStore.make(t, to);
    const files = target.names('.');
    const dry = await copyBetween(source, target, [], { dryRun: true });
    t.deepEqual(target.names('.'), files);
    t.true(dry.dryRun);
    const real = await copyBetween(source, target);
    const said = (result: typeof dry) =>
      result.copied.map(({ image, newBytes, newChunks }) => [image.id, newBytes, newChunks]);
    t.is(dry.storedBytes, 0);
    if (to === 'plain') t.deepEqual(said(dry), said(real));
    else t.deepEqual(said(dry)[0], said(real)[0]); // later images have no image before them to share with
  });

  test(`a sparse disk and an empty one to ${to}`, async (t) => {
    const source = await CopyStore.make(t);
    const target = await CopyStore.make(t, to);
    const sparse = Buffer.alloc(40 * MIB + 100);
    seededBytes('far', 9000).copy(sparse, 31 * MIB + 5000);
    await source.capture(sparse, 'sparse');
    await source.capture(Buffer.alloc(0), 'empty');
    await source.capture(Buffer.alloc(3), 'tiny');
    const { copied } = await copyBetween(source, target);
    const [first] = copied;
    t.is(first!.zeroBytes, (await source.image('sparse')).size - (await source.image('sparse')).usedBytes);
    t.true(first!.readBytes < 20 * KIB, `${first!.readBytes} read`);
    for (const reference of ['sparse', 'empty', 'tiny'])
      await target.restores(t, reference, await source.bytesOf(reference));
    await target.isSound(t);
  });

  test(`ranges that could not be read stay known in ${to}`, async (t) => {
    const source = await CopyStore.make(t);
    const workers = inlineWorkers();
    const bad = { offset: 8192, length: 512 };
    const scanning = {
      ...workers,
      scan: async (job: Parameters<typeof workers.scan>[0]) => ({
        ...(await workers.scan(job)),
        badRanges: [bad],
      }),
    };
    await capture(await source.process({ workers: scanning }), inPieces(web), 'web', { onReadError: 'zero' });
    t.is((await source.image('web')).badBytes, 512);
    const target = await CopyStore.make(t, to);
    await copyBetween(source, target);
    t.is((await target.image('web')).badBytes, 512);
    const engine = await target.process();
    const open = await openContents(engine, ['web'], {});
    const { header, attachments } = open.images[0]!.manifest;
    t.deepEqual(
      attachments.map(({ id }) => toHex(id)),
      [header.badRanges],
    );
    const list = await new EntryReader(engine, open.catalog).read(
      EntryKind.extents,
      Buffer.from(header.badRanges!, 'hex'),
    );
    t.deepEqual(decodeExtents(list), [bad]);
    await open.release();
    await target.isSound(t);
  });
}

test('an image that was removed there is not copied again; one that was purged is', async (t) => {
  const source = await withImages(t, 'plain');
  const target = await CopyStore.make(t);
  await copyBetween(source, target, ['mail']);
  await (await target.process()).library.remove('mail');
  const { alreadyThere, copied } = await copyBetween(source, target, ['mail']);
  t.deepEqual([alreadyThere[0]!.removed, copied.length], [true, 0]);
  const { gc } = await import('../../src/gc/gc.js');
  await gc(await target.process(), { graceMs: 0, waitMs: 0 });
  t.is((await copyBetween(source, target, ['mail'])).copied.length, 1);
  await target.restores(t, 'mail', mail);
});

test('a tag that was moved on in the source is not taken from another image of the target', async (t) => {
  const source = await CopyStore.make(t);
  await source.capture(web, 'web', { tag: 'stable' });
  await source.capture(later, 'web', { tag: 'stable' });
  const target = await CopyStore.make(t);
  await copyBetween(source, target, ['web']);
  await copyBetween(source, target, ['web~1']); // the newest of the name now, as its copy came last
  await target.restores(t, 'web', web);
  await target.restores(t, 'web:stable', later);
  // Into an empty store both keep it, and the later one wins.
  const other = await CopyStore.make(t);
  await copyBetween(source, other);
  await other.restores(t, 'web:stable', later);
  await (await other.process()).library.remove('web');
  await other.restores(t, 'web:stable', web);
});

test('two copies of one image at once: both are whole, and the second that comes to publish says so', async (t) => {
  const source = await withImages(t, 'plain');
  const target = await CopyStore.make(t);
  const results = await Promise.all([
    copyBetween(source, target, ['web']),
    copyBetween(source, target, ['web']),
  ]);
  const published = results.reduce((sum, { copied }) => sum + copied.length, 0);
  t.is((await target.images()).length, published);
  t.is(published + results.reduce((sum, { alreadyThere }) => sum + alreadyThere.length, 0), 2);
  await target.restores(t, 'web', later);
  await target.isSound(t);
});

test('a store copies to itself nothing', async (t) => {
  const source = await withImages(t, 'plain');
  const { copied, alreadyThere } = await copyBetween(source, source);
  t.deepEqual([copied.length, alreadyThere.length], [0, 3]);
});

test('progress goes from nothing to all bytes of all images', async (t) => {
  for (const to of ['plain', 'keys'] as const) {
    const source = await withImages(t, 'plain');
    const target = await CopyStore.make(t, to);
    const engine = await source.process();
    let ms = 0;
    Object.assign(engine.environment, { monotonic: () => (ms += 1000) });
    const told: number[] = [];
    await copy(engine, await target.process(), [], {
      onProgress: ({ phase, doneBytes, totalBytes }) => {
        if (phase !== 'copy') return;
        t.is(totalBytes, web.length + mail.length + later.length);
        told.push(doneBytes);
      },
    });
    t.true(told.length > 5, `${told}`);
    t.deepEqual(
      [...told].sort((a, b) => a - b),
      told,
    );
    t.is(told.at(-1), web.length + mail.length + later.length);
  }
});
