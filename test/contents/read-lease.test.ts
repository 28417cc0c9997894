/** Long readers renew their leases, and packs that move while they read are found again. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import { capture } from '../../src/capture/capture.js';
import { EntryReader } from '../../src/contents/entry-reader.js';
import { openContents } from '../../src/contents/open-contents.js';
import { RENEW_AFTER_MS } from '../../src/contents/read-lease.js';
import { readRange } from '../../src/contents/read-range.js';
import { listLeases } from '../../src/engine/leases.js';
import { StoreError } from '../../src/errors.js';
import { blake3 } from '../../src/hashing/blake3.js';
import { setMark } from '../../src/images/marks.js';
import type { RestoreOptions } from '../../src/index.js';
import { diff } from '../../src/report/diff.js';
import { stats } from '../../src/report/stats.js';
import { usage } from '../../src/report/usage.js';
import { restore } from '../../src/restore/restore.js';
import { verify } from '../../src/verify/verify.js';
import { EntryKind, encodeRecord, imageKey, markKey, type PubId } from '../../store-format/index.js';
import { inPieces } from '../support/library-store.js';
import { folderFor } from '../support/machine.js';
import { movePacks } from '../support/move-packs.js';
import { editedDisk, seededDisk } from '../support/seeded-disk.js';
import { TestEngine } from '../support/test-engine.js';

const MIB = 1024 ** 2;
const WEB = seededDisk('web', 5 * MIB + 1000);
const LATER = editedDisk(WEB, 'later');

async function twoImages(t: ExecutionContext): Promise<TestEngine> {
  const made = await TestEngine.make(t);
  await capture(made.engine, inPieces(WEB), 'web', {});
  await capture(made.engine, inPieces(LATER), 'later', {});
  return made;
}

test('a lease is renewed when it is old, and not before', async (t) => {
  const made = await twoImages(t);
  const { image } = (await openAndRelease(made)).images[0]!;
  const open = await openContents(made.engine, ['web'], {});
  const [first] = await made.leases();
  made.clock.ms += RENEW_AFTER_MS - 1;
  await open.renew();
  t.deepEqual(await made.leases(), [first]);
  made.clock.ms += 1;
  await Promise.all([open.renew(), open.renew()]);
  const second = await listLeases(made.objects);
  t.is(second.length, 1);
  t.not(second[0]!.id, first);
  t.deepEqual(second[0]!.lease.images, [image.publication]);
  t.true(await made.objects.isHeld(`leases/${second[0]!.id}`));
  await open.renew();
  t.deepEqual(await made.leases(), [second[0]!.id]);
  await open.release();
  t.deepEqual(await made.leases(), []);
});

async function openAndRelease(made: TestEngine) {
  const open = await openContents(made.engine, ['web'], {});
  await open.release();
  return open;
}

test('where there is no space for a new lease, the old one holds on', async (t) => {
  const made = await twoImages(t);
  const open = await openContents(made.engine, ['web'], {});
  const before = await made.leases();
  const { hold } = made.objects;
  made.objects.hold = async () => {
    throw new StoreError('no-space', 'No space left');
  };
  made.clock.ms += RENEW_AFTER_MS;
  await open.renew();
  t.deepEqual(await made.leases(), before);
  made.objects.hold = hold.bind(made.objects);
  made.clock.ms += RENEW_AFTER_MS;
  await open.renew();
  t.notDeepEqual(await made.leases(), before);
  await open.release();
  t.deepEqual([await made.leases(), made.warnings], [[], []]);
});

test('a purge that was decided while the image is read heeds the old lease, which stays', async (t) => {
  const made = await twoImages(t);
  const open = await openContents(made.engine, ['web'], {});
  const before = await made.leases();
  await purge(made, open.images[0]!.image.publication as PubId);
  made.clock.ms += RENEW_AFTER_MS;
  await open.renew();
  t.deepEqual(await made.leases(), before);
  const bytes = await readRange(made.engine, open.catalog, open.images[0]!.contents, 0, WEB.length);
  t.true(WEB.equals(bytes));
  await open.release();
  t.deepEqual(await made.leases(), []);
});

test('when the lease was broken and the image is gone, reading fails clearly', async (t) => {
  const made = await twoImages(t);
  const open = await openContents(made.engine, ['web'], {});
  const publication = open.images[0]!.image.publication as PubId;
  await purge(made, publication);
  await made.objects.delete(imageKey(publication));
  made.clock.ms += RENEW_AFTER_MS;
  for (let tries = 0; tries < 2; tries++) {
    const error = await t.throwsAsync(open.renew(), { instanceOf: StoreError });
    t.is(error.code, 'image-purged');
    t.regex(error.message, /^Image web@[0-9a-f]{8} was purged by gc$/);
  }
  await open.release();
  t.deepEqual(await made.leases(), []);
});

async function purge({ engine, objects }: TestEngine, image: PubId): Promise<void> {
  await setMark(objects, engine.environment, image, 'removed');
  const key = markKey(image, 2);
  await objects.claim(
    key,
    encodeRecord('mark', key, { image, verdict: 'purged', atMs: 0, by: 'gc' }, blake3),
  );
}

/** What reads for long, and gives the bytes of `later` where it reads them. */
const READERS: Readonly<
  Record<string, (made: TestEngine, folder: string) => Promise<Uint8Array | undefined>>
> = {
  'restore to a file': (made, folder) => restored(made, folder, {}),
  'restore with --verify': (made, folder) => restored(made, folder, { verify: true }),
  'restore in place': async (made, folder) => {
    await restore(made.engine, 'web', join(folder, 'target'), {});
    return restored(made, folder, { inPlace: true });
  },
  'restore from a seed': async (made, folder) => {
    await restore(made.engine, 'web', join(folder, 'seed'), {});
    return restored(made, folder, { seeds: [join(folder, 'seed')] });
  },
  'restore to a stream': streamed,
  'dry run': async ({ engine }, folder) => {
    await restore(engine, 'later', join(folder, 'target'), { dryRun: true });
    return undefined;
  },
  verify: async ({ engine }) => {
    const { problems } = await verify(engine, [], {});
    if (problems.length > 0) throw new Error(problems[0]!.message);
    return undefined;
  },
};

/** What counts by places in packs. */
const COUNTERS: Readonly<Record<string, (made: TestEngine) => Promise<unknown>>> = {
  stats: async ({ engine }) => {
    const { packBytes: _packs, storedBytes: _all, ...counts } = await stats(engine, {});
    return counts;
  },
  usage: ({ engine }) => usage(engine, 'later', {}),
  diff: ({ engine }) => diff(engine, 'web', 'later', {}),
};

async function restored(
  { engine }: TestEngine,
  folder: string,
  options: RestoreOptions,
): Promise<Uint8Array> {
  await restore(engine, 'later', join(folder, 'target'), options);
  return readFileSync(join(folder, 'target'));
}

async function streamed({ engine }: TestEngine): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  const stream = new Writable({
    write(part: Buffer, _encoding, done) {
      parts.push(Buffer.from(part));
      done();
    },
  });
  await restore(engine, 'later', stream, {});
  return Buffer.concat(parts);
}

for (const [what, read] of Object.entries(READERS)) {
  test(`${what} renews its lease and leaves none`, async (t) => {
    const made = await twoImages(t);
    let taken = 0;
    const hold = made.objects.hold.bind(made.objects);
    made.objects.hold = (key, bytes) => {
      taken++;
      return hold(key, bytes);
    };
    made.clock.step = RENEW_AFTER_MS / 2;
    const bytes = await read(made, folderFor(t));
    t.true(taken > 1, `${taken} leases`);
    t.deepEqual(await made.leases(), []);
    if (bytes !== undefined) t.true(LATER.equals(bytes));
    t.deepEqual([made.warnings, made.clears], [[], 0]);
  });

  if (what === 'dry run') continue; // it fetches nothing
  test(`${what} goes on when all packs move between its listing and each of its jobs`, async (t) => {
    const made = await twoImages(t);
    const fetch = made.workers.fetch;
    let moves = 0;
    made.workers.fetch = async (job) => {
      if (moves++ % 2 === 0) await movePacks(made.engine);
      return fetch(job);
    };
    made.clock.step = RENEW_AFTER_MS / 10;
    const bytes = await read(made, folderFor(t));
    if (bytes !== undefined) t.true(LATER.equals(bytes));
    t.deepEqual([made.warnings, made.clears], [[], 0]);
  });
}

for (const [what, count] of Object.entries(COUNTERS)) {
  test(`${what} counts the same when all packs move while it counts`, async (t) => {
    const made = await twoImages(t);
    const expected = await count(made);
    let taken = 0;
    const hold = made.objects.hold.bind(made.objects);
    made.objects.hold = async (key, bytes) => {
      const lease = await hold(key, bytes);
      if (++taken === 3) await movePacks(made.engine);
      return lease;
    };
    made.clock.step = RENEW_AFTER_MS / 2;
    t.deepEqual(await count(made), expected);
    t.true(taken >= 3, `${taken} leases`);
    t.deepEqual([made.warnings, await made.leases()], [[], []]);
  });
}

test('a recipe whose pack moved is found in a new listing, without making the index anew', async (t) => {
  const made = await twoImages(t);
  const open = await openContents(made.engine, ['web'], {});
  const { manifest } = open.images[0]!;
  await movePacks(made.engine);
  const reader = new EntryReader(made.engine, open.catalog);
  t.true((await reader.read(EntryKind.page, Buffer.from(manifest.pageIds[0]!))).length > 0);
  t.is(made.clears, 0);
  await open.release();
});

test('what no pack holds is missed after one new listing and one new index', async (t) => {
  const made = await twoImages(t);
  const reader = new EntryReader(made.engine, await made.engine.catalog());
  for (const id of [1, 2]) {
    const error = await t.throwsAsync(reader.read(EntryKind.page, Buffer.alloc(32, id)), {
      instanceOf: StoreError,
    });
    t.is(error.code, 'object-missing');
  }
  t.is(made.clears, 1);
});
