/** Copies from stores that are hurt, or change meanwhile, and to stores that cannot be written or lose their lease. */
import { rmSync } from 'node:fs';
import test from 'ava';
import { capture } from '../../src/capture/capture.js';
import { copy } from '../../src/copy/copy.js';
import { breakLease, listLeases } from '../../src/engine/leases.js';
import { StoreError } from '../../src/errors.js';
import { gc } from '../../src/gc/gc.js';
import type { Problem } from '../../src/interface.js';
import type { ObjectStore } from '../../src/objects/object-store.js';
import { verify } from '../../src/verify/verify.js';
import { EntryKind, type LeaseId } from '../../store-format/index.js';
import { FaultyStore } from '../support/faulty-store.js';
import { inPieces } from '../support/library-store.js';
import { movePacks } from '../support/move-packs.js';
import { editedDisk, seededBytes, seededDisk } from '../support/seeded-disk.js';
import { flipByte, packFiles, packOf, partsOf } from '../support/store-files.js';
import { CopyStore, copyBetween } from './copy-store.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const web = seededDisk('web', 2 * MIB + 99);
const mail = seededDisk('mail', MIB);
const WAYS = ['plain', 'other chunks'] as const;

/** The first range of the image that verify finds lost. */
async function firstLoss(store: CopyStore, reference: string): Promise<Problem> {
  const { problems } = await verify(await store.process(), [reference], {});
  return [...problems].sort((a, b) => a.offset! - b.offset!)[0]!;
}

for (const to of WAYS) {
  for (const hurt of ['chunk', 'recipe', 'footer', 'gone', 'page'] as const) {
    test(`to ${to}: an image with a ${hurt} that is damaged is told, and the others are copied`, async (t) => {
      const source = await CopyStore.make(t);
      const { publication, id } = await source.capture(web, 'web');
      await source.capture(mail, 'mail');
      const [data, meta] = [
        packOf(source.folder, publication, 'data'),
        packOf(source.folder, publication, 'meta'),
      ];
      if (hurt === 'chunk') flipByte(data.path, partsOf(data).frame);
      else if (hurt === 'gone') rmSync(data.path);
      else if (hurt === 'footer') flipByte(data.path, partsOf(data).footer);
      else {
        const kind = EntryKind[hurt];
        flipByte(meta.path, meta.footer.frames.find((frame) => frame.kind === kind)!.offset + 20);
      }
      const target = await CopyStore.make(t, to);
      const { copied, problems } = await copyBetween(source, target);
      t.deepEqual(
        copied.map(({ image }) => image.name),
        ['mail'],
      );
      const loss = await firstLoss(source, 'web');
      t.is(problems.length, 1);
      const [problem] = problems;
      t.is(problem!.image, `web@${id}`);
      t.is(problem!.code, loss.code);
      t.regex(problem!.message, /^Image web@[0-9a-f]{8} was not copied, as it cannot be read/);
      t.deepEqual([problem!.offset, problem!.length, problem!.chunk], [loss.offset, loss.length, loss.chunk]);
      await target.restores(t, 'mail', mail);
      t.deepEqual((await target.images()).length, 1);
      await target.isSound(t);
    });
  }

  test(`to ${to}: of two copies of a chunk a sound one will do, whichever it is`, async (t) => {
    const source = await CopyStore.make(t);
    const [one, two] = [await source.process(), await source.process()];
    await Promise.all([capture(one, inPieces(web), 'web', {}), capture(two, inPieces(web), 'twin', {})]);
    const data = packFiles(source.folder).filter(({ footer }) => footer.frames[0]!.kind === EntryKind.chunk);
    t.true(data.length >= 2);
    for (const which of [0, 1]) {
      const hurt = source.mirror(t);
      const pack = packFiles(hurt.folder).find(({ id }) => id === data[which]!.id)!;
      for (const { offset, storedBytes } of pack.footer.frames)
        flipByte(pack.path, offset + (storedBytes >> 1));
      const target = await CopyStore.make(t, to);
      const { problems } = await copyBetween(hurt, target, ['web', 'twin']);
      t.deepEqual(problems, []);
      await target.restores(t, 'web', web);
      await target.isSound(t);
    }
  });

  test(`to ${to}: a pack that cannot be read now is not said to be lost`, async (t) => {
    const source = await CopyStore.make(t);
    await source.capture(web, 'web');
    const target = await CopyStore.make(t, to);
    const pack = `packs/${packFiles(source.folder)[0]!.id.slice(0, 2)}/${packFiles(source.folder)[0]!.id}`;
    const wrap = (objects: ObjectStore) =>
      between(objects, {
        localPath: undefined,
        get: (key, range) => {
          if (key !== pack) return objects.get(key, range);
          throw new StoreError('object-unreadable', `Cannot read ${key}: i/o error`, { errno: 'EIO' });
        },
      });
    const { problems } = await copy(await source.process({ wrap }), await target.process(), [], {});
    t.is(problems[0]!.code, 'object-unreadable', problems[0]!.message);
    t.deepEqual(await target.images(), []);
    await copyBetween(source, target);
    await target.restores(t, 'web', web);
  });

  test(`to ${to}: packs that gc moves in the source meanwhile are found again`, async (t) => {
    const source = await CopyStore.make(t);
    await source.capture(web, 'web');
    await source.capture(editedDisk(web, 'later'), 'web');
    const target = await CopyStore.make(t, to);
    const mover = await source.process();
    let moved = 0;
    const wrap = (objects: ObjectStore) =>
      between(objects, {
        localPath: undefined,
        get: async (key, range) => {
          const isFrame = key.startsWith('packs/') && range !== undefined && 'offset' in range;
          if (isFrame && ++moved % 40 === 5) await movePacks(mover);
          return objects.get(key, range);
        },
      });
    const { problems, copied } = await copy(await source.process({ wrap }), await target.process(), [], {});
    t.deepEqual(problems, []);
    t.is(copied.length, 2);
    t.true(moved >= 5);
    await target.restores(t, 'web~1', web);
    await target.restores(t, 'web', editedDisk(web, 'later'));
    await target.isSound(t);
  });

  test(`to ${to}: gc in the target takes what an image that was removed shares with the copy`, async (t) => {
    const source = await CopyStore.make(t);
    await source.capture(web, 'web');
    for (const at of [0, 1]) {
      const target = await CopyStore.make(t, to);
      await target.capture(web.subarray(0, MIB), 'part');
      const collector = await target.process();
      await collector.library.remove('part');
      let uploads = 0;
      const wrap = (objects: ObjectStore) =>
        between(objects, {
          upload: async (owner) => {
            if (uploads++ === at) await gc(collector, { graceMs: 0, waitMs: 0 });
            return objects.upload(owner);
          },
        });
      await copy(await source.process(), await target.process({ wrap }), [], {});
      t.true(uploads > at);
      await target.restores(t, 'web', web);
      await target.isSound(t);
      await target.restores(t, 'web', web, 'web after gc');
    }
  });

  test(`to ${to}: a copy whose lease was broken publishes nothing, and works when run again`, async (t) => {
    const source = await CopyStore.make(t);
    await source.capture(web, 'web');
    const target = await CopyStore.make(t, to);
    const other = await target.process();
    let broken = false;
    const wrap = (objects: ObjectStore) =>
      between(objects, {
        upload: async (owner) => {
          if (broken) return objects.upload(owner);
          const [lease] = await listLeases(other.objects);
          t.is(lease!.lease.purpose, 'copy');
          await breakLease(other.objects, other.environment, lease!.id, 'b'.repeat(32) as LeaseId);
          broken = true;
          return objects.upload(owner);
        },
      });
    const run = copy(await source.process(), await target.process({ wrap }), [], {});
    const error = await t.throwsAsync(run, { instanceOf: StoreError });
    t.is(error.code, 'lease-broken');
    t.regex(error.message, /^This copy was taken for dead/);
    t.deepEqual(await target.images(), []);
    t.deepEqual(source.names('leases'), []);
    t.is((await copyBetween(source, target)).copied.length, 1);
    await target.restores(t, 'web', web);
    await target.isSound(t);
  });

  test(`to ${to}: stopped half-way, whole packs stay, and the next copy goes on with them`, async (t) => {
    const source = await CopyStore.make(t);
    const noise = seededBytes('noise', 3 * MIB);
    await source.capture(noise, 'noise');
    const target = await CopyStore.make(t, to);
    const reason = new Error('stopped by the user');
    const stop = new AbortController();
    let appends = 0;
    const wrap = (objects: ObjectStore) =>
      between(objects, {
        upload: async (owner) => {
          const upload = await objects.upload(owner);
          return {
            ...upload,
            append: (bytes) => {
              if (++appends === 12) stop.abort(reason);
              return upload.append(bytes);
            },
            finish: (key) => upload.finish(key),
            abort: () => upload.abort(),
          };
        },
      });
    const run = copy(await source.process(), await target.process({ wrap }), [], { signal: stop.signal });
    t.is(await t.throwsAsync(run), reason);
    t.deepEqual(await target.images(), []);
    t.deepEqual([...target.names('leases'), ...source.names('leases'), ...target.names('tmp')], []);
    t.true(target.names('packs').length > 0);
    const { copied } = await copyBetween(source, target);
    t.true(copied[0]!.sharedBytes > 256 * KIB, `${copied[0]!.sharedBytes} were there`);
    await target.restores(t, 'noise', noise);
    await target.isSound(t);
  });

  test(`to ${to}: a target that is full or cannot be written gets nothing`, async (t) => {
    const source = await CopyStore.make(t);
    await source.capture(web, 'web');
    const target = await CopyStore.make(t, to);
    for (const at of [0, 3]) {
      const wrap = (objects: ObjectStore) =>
        new FaultyStore(objects, { kind: 'full', verb: 'append', at, lasts: false });
      const run = copy(await source.process(), await target.process({ wrap }), [], {});
      t.is((await t.throwsAsync(run, { instanceOf: StoreError })).code, 'no-space');
      t.deepEqual([...target.names('leases'), ...target.names('tmp'), ...target.names('images')], []);
    }
    const readOnly = (objects: ObjectStore) => between(objects, { readOnly: true });
    const refused = copy(await source.process(), await target.process({ wrap: readOnly }), [], {});
    t.is((await t.throwsAsync(refused, { instanceOf: StoreError })).code, 'store-read-only');
    // A source that cannot be written is read without a lease.
    await copy(await source.process({ wrap: readOnly }), await target.process(), [], {});
    await target.restores(t, 'web', web);
    await target.isSound(t);
  });
}

test('an image that is predicted from a damaged one of the target is whole', async (t) => {
  const source = await CopyStore.make(t);
  const target = await CopyStore.make(t, 'other chunks');
  const { publication } = await target.capture(web, 'web');
  const pack = packOf(target.folder, publication, 'data');
  rmSync(pack.path);
  const later = editedDisk(web, 'later');
  await source.capture(later, 'web');
  await copyBetween(source, target);
  await target.restores(t, 'web', later);
});

test('an unknown reference, and a purged image, end the copy before anything is written', async (t) => {
  const source = await CopyStore.make(t);
  await source.capture(web, 'web');
  const target = await CopyStore.make(t);
  const error = await t.throwsAsync(copyBetween(source, target, ['web', 'nobody']), {
    instanceOf: StoreError,
  });
  t.is(error.code, 'unknown-reference');
  t.deepEqual([...target.names('packs'), ...source.names('leases')], []);
});

/** The objects, with some requests answered otherwise. */
function between(
  objects: ObjectStore,
  answers: { [key in keyof ObjectStore]?: ObjectStore[key] | undefined },
) {
  return new Proxy(objects, {
    get: (target, key) => {
      if (Object.hasOwn(answers, key)) return answers[key as keyof ObjectStore];
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
