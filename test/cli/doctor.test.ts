/** `doppel doctor`: what it tells of a store at work, of what was left behind, and of what cannot be read. */
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { EXIT } from '../../cli/exit-codes.js';
import { pinImage } from '../../src/engine/pins.js';
import { systemEnvironment } from '../../src/environment.js';
import { blake3 } from '../../src/hashing/blake3.js';
import type { BrokenLease, CaptureResult, DoctorReport, Image } from '../../src/index.js';
import { FolderStore } from '../../src/objects/folder-store.js';
import { decodeTombstone, type LeaseId, type PubId } from '../../store-format/index.js';
import { filesOf, flipByte } from '../support/store-files.js';
import { doppel, missing, temporaryFolder } from './run-doppel.js';
import { json, sampleStore } from './sample-store.js';
import { captureSlowly } from './slow-capture.js';
import { holdLease, leaveLease, newId, writeGcRecord, writeRecord } from './store-records.js';

async function emptyStore(): Promise<string> {
  const store = join(await temporaryFolder(), 'store');
  const { code, stderr } = await doppel(['init', store]);
  if (code !== 0) throw new Error(stderr);
  return store;
}

function examine(t: ExecutionContext, store: string, expectedCode = 0): Promise<DoctorReport> {
  return json<DoctorReport>(t, ['--store', store, 'doctor'], expectedCode);
}

async function told(store: string): Promise<string> {
  return (await doppel(['--store', store, 'doctor'])).stdout;
}

test('a store at rest', async (t) => {
  const { store } = await sampleStore();
  const report = await examine(t, store);
  t.is(report.store.location, store);
  t.false(report.store.readOnly);
  t.is(report.versions.node, process.version);
  t.true(report.freeBytes! > 0);
  t.deepEqual(report.leases, []);
  t.deepEqual(report.pins, []);
  t.deepEqual(report.gc, {});
  t.is(report.removedImages, 0);
  t.deepEqual(report.condemned, { packs: 0, bytes: 0, withoutPack: 0 });
  t.deepEqual(report.temporaries, { files: 0, bytes: 0, leftFiles: 0, leftBytes: 0 });
  t.deepEqual(report.problems, []);
  const text = await told(store);
  t.regex(text, /^Store .*\n {2}format +0\.1, can be written\n {2}free +[\d.]+ .iB\n/);
  t.regex(text, /\n {2}gc +has never run\n/);
  t.regex(text, /\nNobody works with the store\.\n$/);
});

test('a capture at work is alive; killed, it is dead', async (t) => {
  const { store } = await sampleStore();
  const { child, run, atWork } = captureSlowly(t, store, 'slow', ['--parent', 'web:stable']);
  await atWork;
  const [lease, ...others] = (await examine(t, store)).leases;
  t.deepEqual(others, []);
  t.is(lease!.state, 'alive');
  t.is(lease!.holder!.purpose, 'capture');
  t.is(lease!.holder!.pid, child.pid!);
  t.is(lease!.holder!.command, 'capture - slow');
  const parent = await json<Image>(t, ['--store', store, 'show', 'web:stable']);
  const image = `web@${parent.id.slice(0, 8)}`;
  t.deepEqual(lease!.images, [{ publication: parent.publication, image }]);
  t.regex(await told(store), new RegExp(`^${lease!.id.slice(0, 8)} +alive +capture .* ${image}$`, 'm'));
  child.kill('SIGKILL');
  await run;
  const after = await examine(t, store, EXIT.hints);
  t.deepEqual(after.leases, [{ ...lease!, state: 'dead' }]);
  t.true(after.hints.some(({ code, object }) => code === 'lease-dead' && object === `leases/${lease!.id}`));
});

test('files of the dead are told from files being written', async (t) => {
  const store = await emptyStore();
  const [dead, living] = [newId(), newId()];
  await leaveLease(store, dead);
  const hold = await holdLease(store, living);
  await writeFile(join(store, 'tmp', `${dead}.a.0`), Buffer.alloc(1000));
  await writeFile(join(store, 'tmp', `${living}.b.0`), Buffer.alloc(200));
  await writeFile(join(store, 'tmp', 'young.0'), Buffer.alloc(30));
  await writeFile(join(store, 'tmp', 'old.0'), Buffer.alloc(4));
  await utimes(join(store, 'tmp', 'old.0'), 0, 0);
  const { temporaries, hints, problems } = await examine(t, store, EXIT.hints);
  t.deepEqual(problems, []);
  t.deepEqual(new Set(hints.map(({ code }) => code)), new Set(['lease-dead', 'left-behind']));
  t.deepEqual(temporaries, { files: 4, bytes: 1234, leftFiles: 2, leftBytes: 1004 });
  t.regex(await told(store), /being written +2 files, 230 B\n {2}left over +2 files, 1004 B: /);
  await hold.release();
});

test('--break ends the lease of a capture that was stopped: it publishes nothing', async (t) => {
  const { store } = await sampleStore();
  const { child, run, atWork, stop } = captureSlowly(t, store, 'stopped', ['--json']);
  await atWork;
  child.kill('SIGSTOP');
  const [lease] = (await examine(t, store)).leases;
  t.is(lease!.state, 'alive');
  const broken = await json<BrokenLease>(t, ['--store', store, 'doctor', '--break', lease!.id.slice(0, 6)]);
  t.deepEqual(broken, { lease: lease!, published: false });
  t.deepEqual((await examine(t, store)).leases, []);
  child.kill('SIGCONT');
  stop();
  const { code, stdout } = await run;
  t.is(code, 9);
  t.is((JSON.parse(stdout) as { error: { code: string } }).error.code, 'lease-broken');
  t.deepEqual(await json(t, ['--store', store, 'ls', 'stopped']), []);
  const tombstone = decodeTombstone(
    await readFile(join(store, 'images', lease!.id)),
    lease!.id as PubId,
    blake3,
  );
  t.is(tombstone.pubId, lease!.id);
});

test('--break of a holder that had published leaves its image', async (t) => {
  const { store } = await sampleStore();
  const { publication } = await json<Image>(t, ['--store', store, 'show', 'mail']);
  await leaveLease(store, publication);
  const { code, stdout } = await doppel(['--store', store, 'doctor', '--break', publication]);
  t.is(code, 0);
  t.regex(
    stdout,
    /^Ended lease [0-9a-f]{8} of capture by process 1 on test-host: its image was published before/,
  );
  t.deepEqual((await examine(t, store)).leases, []);
  t.is((await doppel(['--store', store, 'verify', 'mail'])).code, 0);
});

test('--break wants one lease that is there', async (t) => {
  const store = await emptyStore();
  const [a, b] = [`ab${newId().slice(2)}`, `ab${newId().slice(2)}`];
  await leaveLease(store, a);
  await leaveLease(store, b);
  for (const wrong of [newId(), 'nothing', '']) {
    const run = await doppel(['--store', store, 'doctor', '--break', wrong]);
    t.is(run.code, 4, wrong);
    t.regex(run.stderr, /There is no lease .*"doppel doctor" lists the leases/);
  }
  const both = await doppel(['--store', store, 'doctor', '--break', 'ab']);
  t.is(both.code, 4);
  t.true(both.stderr.includes(a) && both.stderr.includes(b), both.stderr);
  t.deepEqual(await readdir(join(store, 'images')), []);
  t.is((await doppel(['--store', store, 'doctor', '--break'])).code, 2);
  const offered = await doppel(['__complete', '--', '--store', store, 'doctor', '--break', a.slice(0, 9)]);
  t.is(offered.stdout, `${a}\tcapture by 1 on test-host, dead\n`);
});

test('a lease that cannot be read is named, and can be broken', async (t) => {
  const store = await emptyStore();
  const id = newId();
  await leaveLease(store, id);
  flipByte(join(store, 'leases', id), -1);
  const report = await examine(t, store, 7);
  t.deepEqual(report.leases, [{ id, state: 'dead', images: [] }]);
  t.is(report.problems[0]!.object, `leases/${id}`);
  t.regex(await told(store), new RegExp(`^${id.slice(0, 8)} +dead +cannot be read$`, 'm'));
  t.is((await doppel(['--store', store, 'doctor', '--break', id])).code, 0);
  t.deepEqual((await examine(t, store)).leases, []);
});

test('pins are shown with what they keep', async (t) => {
  const { store } = await sampleStore();
  const { id, publication } = await json<Image>(t, ['--store', store, 'show', 'mail']);
  const objects = await FolderStore.open(store, 'ab');
  const pin = await pinImage(objects, systemEnvironment(), publication as PubId, 'a disk stands on it');
  const image = `mail@${id.slice(0, 8)}`;
  const created = new Date(pin.createdMs).toISOString() as unknown as Date;
  t.deepEqual((await examine(t, store)).pins, [
    { id: pin.id, created, reason: 'a disk stands on it', images: [{ publication, image }] },
  ]);
  t.regex(await told(store), new RegExp(`^${pin.id.slice(0, 8)} +.* +a disk stands on it +${image}$`, 'm'));
});

test('gc: never, running, stopped, finished', async (t) => {
  const store = await emptyStore();
  const figures = { condemnedPacks: 4, unlinkedPacks: 3, rewrittenBytes: 2048, freedBytes: 4096 };
  const [first, second] = [newId(), newId()];
  await writeGcRecord(store, 1, { lease: first, startedMs: 1_000 });
  await writeGcRecord(store, 2, { lease: first, startedMs: 1_000, finished: { atMs: 61_000, ...figures } });
  const finished = { started: new Date(1_000), finished: new Date(61_000), ...figures };
  const asRead = JSON.parse(JSON.stringify(finished)) as typeof finished;
  t.deepEqual((await examine(t, store)).gc, { finished: asRead });
  t.regex(
    await told(store),
    /gc +does not run\n {2}last gc +1970-01-01 00:01: 3 packs deleted, 4 KiB freed, 2 KiB written\n/,
  );

  await writeGcRecord(store, 3, { lease: second, startedMs: 120_000 });
  const hold = await holdLease(store, second, 'gc');
  const running = await examine(t, store);
  t.is(running.gc.unfinished!.state, 'alive');
  t.is(running.gc.unfinished!.lease, second);
  t.deepEqual(running.gc.finished, asRead);
  t.regex(await told(store), /gc +runs since 1970-01-01 00:02, lease [0-9a-f]{8}\n/);
  await hold.leave();
  const stopped = await examine(t, store, EXIT.hints);
  t.is(stopped.gc.unfinished!.state, 'dead');
  t.true(stopped.hints.some(({ code }) => code === 'gc-unfinished'));
  t.regex(await told(store), /gc +does not run; the one of 1970-01-01 00:02 was stopped/);
});

test('condemned packs, with and without their file, and removed images', async (t) => {
  const { store } = await sampleStore();
  const [pack] = filesOf(store, 'packs');
  const id = pack!.slice(-64);
  const gone = 'ab'.repeat(32);
  for (const condemned of [id, gone]) {
    const record = { pack: condemned, gc: newId(), atMs: 0 };
    await writeRecord(store, `condemned/${condemned}`, 'condemned', record);
  }
  await writeRecord(store, `damaged/${gone}`, 'damaged', { pack: gone, atMs: 0, reason: 'a test says so' });
  await doppel(['--store', store, 'rm', 'mail']);
  const report = await examine(t, store);
  t.deepEqual(report.condemned, { packs: 1, bytes: (await stat(pack!)).size, withoutPack: 1 });
  t.is(report.health?.damagedPacks, 0, 'a record whose pack is gone says nothing any more');
  t.is(report.removedImages, 1);
  t.regex(await told(store), /condemned +1 pack, .*, and 1 record of packs that are gone\n/);
});

/** What is put into the store, and the object that doctor must name. */
const UNREADABLE: readonly (readonly [string, (store: string) => Promise<string>])[] = [
  ['a pin', async (store) => spoiled(store, `pins/${newId()}`)],
  ['a pin of a strange name', async (store) => spoiled(store, 'pins/strange')],
  ['a lease of a strange name', async (store) => spoiled(store, 'leases/strange')],
  ['an image of a strange name', async (store) => spoiled(store, 'images/strange')],
  ['a mark of a strange name', async (store) => spoiled(store, 'removed/strange')],
  ['a manifest', async (store) => spoiled(store, `images/${newId()}`)],
  ['a verdict on an image', async (store) => spoiled(store, `removed/${await captureTiny(store)}.2`)],
  ['a gc record', async (store) => spoiled(store, 'gc/0000000001')],
  ['a condemned record', async (store) => spoiled(store, `condemned/${'ab'.repeat(32)}`)],
  ['a damaged record', async (store) => spoiled(store, `damaged/${'ab'.repeat(32)}`)],
  ['a lost record', async (store) => spoiled(store, `lost/${newId()}`)],
  ['an attestation', async (store) => spoiled(store, `attested/${newId()}`)],
  ['a config', async (store) => spoiled(store, 'config/0000000002')],
];

/** @returns the image's publication */
async function captureTiny(store: string): Promise<string> {
  const disk = join(await temporaryFolder(), 'disk');
  await writeFile(disk, 'tiny');
  const { stdout } = await doppel(['--store', store, 'capture', disk, 'tiny', '--json']);
  return (JSON.parse(stdout) as CaptureResult).image!.publication;
}

async function spoiled(store: string, key: string): Promise<string> {
  await writeFile(join(store, key), 'nonsense');
  return key;
}

test('what cannot be read is told, one by one, and the exit code says so', async (t) => {
  const store = await emptyStore();
  const pin = await spoiled(store, `pins/${newId()}`);
  t.regex(await told(store), new RegExp(`^Problem: .*${pin}`, 'm'));
  await unlink(join(store, pin));
  for (const [what, put] of UNREADABLE) {
    const key = await put(store);
    const { problems } = await examine(t, store, 7);
    t.deepEqual(
      problems.map(({ object }) => object),
      [key],
      what,
    );
    await unlink(join(store, key));
  }
  t.deepEqual((await examine(t, store)).problems, []);
});

test('a store that cannot be written', async (t) => {
  const store = await emptyStore();
  await leaveLease(store, newId() as LeaseId);
  const place = join(await temporaryFolder(), 'mounted');
  await mkdir(place);
  const mounted = spawnSync('mount', ['--bind', '-o', 'ro', store, place], { encoding: 'utf8' });
  if (mounted.status !== 0) return missing(t, 'needs mount and the right to use it');
  t.teardown(() => {
    spawnSync('umount', [place]);
  });
  const report = await examine(t, place);
  t.true(report.store.readOnly);
  t.is(report.leases[0]!.state, 'unknown');
  t.regex(await told(place), /format +0\.1, cannot be written\n/);
  const refused = await doppel(['--store', place, 'doctor', '--break', report.leases[0]!.id]);
  t.is(refused.code, 3, refused.stderr);
});
