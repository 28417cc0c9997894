/** `doppel gc`: what it frees, what it leaves alone, and how it gets on with others on the same store. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { EXIT } from '../../cli/exit-codes.js';
import type { DoctorReport, GcResult, Image } from '../../src/index.js';
import { filesOf } from '../support/store-files.js';
import { doppel, finished, startDoppel, temporaryFolder } from './run-doppel.js';
import { json } from './sample-store.js';
import { captureSlowly } from './slow-capture.js';
import { holdLease, newId, writeGcRecord } from './store-records.js';

const MIB = 1024 ** 2;

interface Place {
  readonly store: string;
  readonly folder: string;
  /** Runs a command on the store, which must succeed. */
  readonly act: (...words: string[]) => Promise<string>;
  readonly gc: (...words: string[]) => Promise<GcResult>;
}

/** A store with two images of 2 MiB each that share nothing: `kept` and `other`. */
async function place(t: ExecutionContext): Promise<Place> {
  const folder = await temporaryFolder();
  const store = join(folder, 'store');
  const act = async (...words: string[]) => {
    const { code, stdout, stderr } = await doppel(['--store', store, ...words]);
    if (code !== 0) throw new Error(stderr);
    return stdout;
  };
  await act('init', store);
  for (const name of ['kept', 'other']) {
    await writeFile(join(folder, name), randomBytes(2 * MIB));
    await act('capture', join(folder, name), name);
  }
  return { store, folder, act, gc: (...words) => json<GcResult>(t, ['--store', store, 'gc', ...words]) };
}

function bytesOfPacks(store: string): Promise<number> {
  return Promise.all(filesOf(store, 'packs').map(async (path) => (await readFile(path)).length)).then(
    (sizes) => sizes.reduce((sum, size) => sum + size, 0),
  );
}

/** Every file of the store but the index, which is nobody's truth, and its bytes. */
async function everything(store: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const folder of (await readdir(store)).filter((name) => name !== 'index')) {
    for (const path of filesOf(store, folder)) files.set(path, (await readFile(path)).toString('base64'));
  }
  return files;
}

async function isWhole(t: ExecutionContext, { act, folder }: Place, name: string): Promise<void> {
  const target = join(folder, `${name}.restored`);
  await act('restore', name, target, '--force');
  t.true((await readFile(target)).equals(await readFile(join(folder, name))), name);
}

test.serial('rm and gc give the space back, and the image is gone for good', async (t) => {
  const here = await place(t);
  const { id } = await json<Image>(t, ['--store', here.store, 'rm', 'other']);
  const before = await bytesOfPacks(here.store);
  const result = await here.gc('--grace', '0');
  const after = await bytesOfPacks(here.store);
  t.is(result.purgedImages, 1);
  t.is(result.keptImages, 0);
  t.true(result.droppedPacks >= 1);
  t.is(result.packBytes, before);
  t.is(result.freedBytes, before - after);
  t.true(result.freedBytes >= 2 * MIB, String(result.freedBytes));
  t.is(result.waitingPacks, 0);
  await isWhole(t, here, 'kept');
  const undelete = await doppel(['--store', here.store, 'undelete', `@${id}`]);
  t.is(undelete.code, 4);
  t.regex(undelete.stderr, /gc may have purged it/);
  t.deepEqual(await json(t, ['--store', here.store, 'ls', '--removed']), []);
  const { gc, condemned, removedImages } = await json<DoctorReport>(t, ['--store', here.store, 'doctor']);
  t.is(gc.unfinished, undefined);
  t.is(gc.finished!.freedBytes, result.freedBytes);
  t.is(removedImages, 0);
  t.deepEqual(condemned, { packs: 0, bytes: 0, withoutPack: 0 });
  const again = await here.act('gc', '--grace', '0');
  t.regex(again, /^Freed nothing in /);
});

test.serial('gc tells people what it did', async (t) => {
  const { act } = await place(t);
  await act('rm', 'other');
  const text = await act('gc', '--grace', '0');
  t.regex(text, /^Freed 2(\.\d+)? MiB in \d+\.\d s\n {2}store +\d+ packs, 4(\.\d+)? MiB, when it began\n/);
  t.regex(text, /\n {2}purged +1 removed image\n {2}dropped +\d+ packs?: nothing needed them\n/);
});

test.serial('a dry run says the same and changes nothing', async (t) => {
  const { store, act, gc } = await place(t);
  await act('rm', 'other');
  const before = await everything(store);
  const dry = await gc('--dry-run', '--grace', '0');
  t.true(dry.freedBytes >= 2 * MIB);
  t.is(dry.purgedImages, 1);
  t.regex(
    await act('gc', '--dry-run', '--grace', '0'),
    /^Dry run, nothing was changed: about 2(\.\d+)? MiB would be freed\n/,
  );
  t.deepEqual(await everything(store), before);
  const real = await gc('--grace', '0');
  t.is(real.droppedPacks, dry.droppedPacks);
  t.is(real.freedBytes, dry.freedBytes);
});

test.serial('removed images stay for their grace: by option and by setting', async (t) => {
  const here = await place(t);
  await here.act('rm', 'other');
  const kept = await here.gc('--grace', '7d');
  t.is(kept.purgedImages, 0);
  t.is(kept.keptImages, 1);
  t.is(kept.freedBytes, 0);
  await here.act('config', 'set', 'removedGraceHours', '1');
  t.is((await here.gc()).keptImages, 1);
  t.regex(await here.act('gc'), /\n {2}kept +1 removed image: for their grace/);
  await here.act('undelete', 'other');
  await isWhole(t, here, 'other');
  await here.act('rm', 'other');
  t.is((await here.gc('--grace', '0')).purgedImages, 1);
});

test.serial('packs that are needed little are rewritten, within --max-repack', async (t) => {
  const here = await place(t);
  const part = Buffer.alloc(2 * MIB);
  (await readFile(join(here.folder, 'other'))).copy(part, 0, 0, MIB / 2);
  await writeFile(join(here.folder, 'part'), part);
  await here.act('capture', join(here.folder, 'part'), 'part');
  await here.act('rm', 'other');
  const none = await here.gc('--grace', '0', '--max-repack', '0');
  t.is(none.repackedPacks, 0);
  t.is(none.rewrittenBytes, 0);
  t.true(none.unneededBytes > MIB, String(none.unneededBytes));
  const before = await bytesOfPacks(here.store);
  const result = await here.gc('--grace', '0');
  t.true(result.repackedPacks >= 1);
  t.true(result.rewrittenBytes > 0 && result.rewrittenBytes < MIB);
  t.is(result.freedBytes, before - (await bytesOfPacks(here.store)));
  t.true(result.freedBytes > MIB);
  await isWhole(t, here, 'part');
  await isWhole(t, here, 'kept');
});

test.serial('beside another gc it is refused; after one that was killed it goes on', async (t) => {
  const here = await place(t);
  await here.act('rm', 'other');
  const running = newId();
  await writeGcRecord(here.store, 1, { lease: running, startedMs: Date.now() });
  const hold = await holdLease(here.store, running, 'gc');
  const refused = await doppel(['--store', here.store, 'gc', '--grace', '0', '--json']);
  t.is(refused.code, 9);
  t.is((JSON.parse(refused.stdout) as { error: { code: string } }).error.code, 'gc-running');
  const told = await doppel(['--store', here.store, 'gc']);
  t.regex(told.stderr, /^doppel: /);
  await hold.leave();
  t.is((await here.gc('--grace', '0')).purgedImages, 1);
  t.deepEqual((await json<DoctorReport>(t, ['--store', here.store, 'doctor'])).leases, []);
});

test.serial('the lease of a killed capture is gone after gc, and nothing needs a hand', async (t) => {
  const here = await place(t);
  const { child, run, atWork } = captureSlowly(t, here.store, 'killed');
  await atWork;
  child.kill('SIGKILL');
  await run;
  const before = await json<DoctorReport>(t, ['--store', here.store, 'doctor'], EXIT.hints);
  t.deepEqual(
    before.leases.map(({ state }) => state),
    ['dead'],
  );
  await writeFile(join(here.store, 'tmp', `${before.leases[0]!.id}.a.0`), 'half a pack');
  await here.gc('--grace', '0');
  const after = await json<DoctorReport>(t, ['--store', here.store, 'doctor']);
  t.deepEqual(after.leases, []);
  t.is(after.temporaries!.files, 0);
  await here.act('capture', join(here.folder, 'kept'), 'killed');
  await isWhole(t, here, 'kept');
});

test.serial('whole packs of a capture that failed stay for their grace', async (t) => {
  const here = await place(t);
  const packs = filesOf(here.store, 'packs').length;
  const disk = join(here.folder, 'failed');
  await writeFile(disk, randomBytes(MIB));
  const failed = await doppel(['--store', here.store, 'capture', disk, 'failed', '--after', 'exit 1']);
  t.is(failed.code, 5, failed.stderr);
  t.true(filesOf(here.store, 'packs').length > packs, 'the capture left packs');
  t.is((await here.gc()).droppedPacks, 0);
  t.true((await here.gc('--grace', '0')).droppedPacks > 0);
  t.is(filesOf(here.store, 'packs').length, packs);
});

test.serial('--wait 0 leaves what a capture may still use to the next gc', async (t) => {
  const here = await place(t);
  const { run, atWork, stop } = captureSlowly(t, here.store, 'slow');
  await atWork;
  await here.act('rm', 'other');
  const waiting = await here.gc('--grace', '0', '--wait', '0');
  t.true(waiting.waitingPacks > 0);
  t.true(waiting.waitingBytes >= 2 * MIB);
  const report = await json<DoctorReport>(t, ['--store', here.store, 'doctor']);
  t.is(report.condemned.packs, waiting.waitingPacks);
  t.is(report.condemned.bytes, waiting.waitingBytes);
  t.regex(
    await here.act('gc', '--grace', '0', '--wait', '0'),
    /\n {2}waiting +\d+ packs?, .*"doppel doctor" tells who/,
  );
  stop();
  const { code, stderr } = await run;
  t.is(code, 0, stderr);
  const done = await here.gc('--grace', '0');
  t.is(done.waitingPacks, 0);
  t.true(done.freedBytes >= 2 * MIB);
  await here.act('verify', '--all');
});

test.serial('Ctrl-C stops a gc that waits; the next one is not refused', async (t) => {
  const here = await place(t);
  const capture = captureSlowly(t, here.store, 'slow');
  await capture.atWork;
  await here.act('rm', 'other');
  const child = startDoppel(['--store', here.store, 'gc', '--grace', '0', '--json']);
  t.teardown(() => child.kill('SIGKILL'));
  const run = finished(child);
  child.stdin.end();
  await new Promise<void>((resolve) => {
    child.stderr.on('data', (text: string) => {
      if (text.includes('Waiting')) resolve();
    });
    child.on('close', () => resolve());
  });
  const beside = await doppel(['--store', here.store, 'gc', '--grace', '0']);
  t.is(beside.code, 9, beside.stderr);
  child.kill('SIGINT');
  const { code, stdout, stderr } = await run;
  t.is(code, 130, stderr);
  t.regex(stderr, /Stopping cleanly\./);
  t.is((JSON.parse(stdout) as { error: { code: string } }).error.code, 'interrupted');
  capture.stop();
  t.is((await capture.run).code, 0);
  t.true((await here.gc('--grace', '0')).freedBytes >= 2 * MIB);
  await here.act('verify', '--all');
});
