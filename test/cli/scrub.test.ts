/** `doppel scrub` as scripts and people see it: exit codes, the JSON document, the text, signals. */
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { EXIT, type ExitCode } from '../../cli/exit-codes.js';
import { blake3 } from '../../src/hashing/blake3.js';
import type { ScrubResult } from '../../src/index.js';
import { AttestationSchema, decodeRecord } from '../../store-format/index.js';
import { copyOf, hasNoTrace, makeSample, restoresWhole, type Sample } from '../fault/sample.js';
import { folderFor } from '../support/machine.js';
import { filesOf, flipByte, packOf, partsOf } from '../support/store-files.js';
import { doppel, finished, startDoppel } from './run-doppel.js';

let sample: Sample;

test.before(async () => {
  sample = await makeSample();
});

async function scrub(
  t: ExecutionContext,
  store: string,
  code: ExitCode,
  ...words: string[]
): Promise<ScrubResult> {
  const run = await doppel(['--store', store, 'scrub', ...words, '--json']);
  t.is(run.code, code, run.stderr + run.stdout);
  return JSON.parse(run.stdout) as ScrubResult;
}

const dataPack = (store: string) => packOf(store, sample.mail.image.publication, 'data');
const hurtMail = (store: string) => flipByte(dataPack(store).path, partsOf(dataPack(store)).frame);

test('a store that is whole: 0, and what was read', async (t) => {
  const store = copyOf(t, sample);
  const result = await scrub(t, store, EXIT.done);
  const { packs, packBytes, seconds, ...checked } = result;
  t.is(packs, filesOf(store, 'packs').length);
  t.deepEqual(checked, {
    checkedPacks: packs,
    checkedBytes: packBytes,
    checkedEntries: checked.checkedEntries,
    checkedObjects: checked.checkedObjects,
    damagedPacks: [],
    problems: [],
    hints: [],
  });
  t.true(checked.checkedEntries > 0 && checked.checkedObjects > 5 && seconds > 0);
  const { stdout, code } = await doppel(['--store', store, 'scrub']);
  t.is(code, EXIT.done);
  t.regex(stdout, new RegExp(`^Checked ${packs} of ${packs} packs, .*: no problem\n`));
  t.is((await scrub(t, store, EXIT.done, '--resume')).checkedPacks, 0);
  t.is((await scrub(t, store, EXIT.done, '--older-than', '1h')).checkedPacks, 0);
  const dry = await doppel(['--store', store, 'scrub', '--dry-run', '--fraction', '1%']);
  t.is(dry.code, EXIT.done);
  t.regex(dry.stdout, /^Dry run, nothing was read: \d+ of \d+ packs would be/);
});

test('a record that nobody obeys: 12, and 0 when it was mended', async (t) => {
  const store = copyOf(t, sample);
  flipByte(join(store, 'config', '0000000001'), 50);
  const { hints, problems } = await scrub(t, store, EXIT.hints);
  t.deepEqual(problems, []);
  t.deepEqual(
    hints.map(({ code, object }) => [code, object]),
    [['record-damaged', 'config/0000000001']],
  );
  t.regex((await doppel(['--store', store, 'scrub'])).stdout, /^Hint: Record config\/0000000001 /);
  const { repair } = await scrub(t, store, EXIT.done, '--repair');
  t.deepEqual(repair!.replacedObjects, ['config/0000000001']);
  await scrub(t, store, EXIT.done);
});

test('damage: 7, by pack and by image; a repair leaves what is lost, a capture brings it back', async (t) => {
  const store = copyOf(t, sample);
  hurtMail(store);
  const { problems, damagedPacks } = await scrub(t, store, EXIT.damage);
  t.is(damagedPacks.length, 1);
  t.true(damagedPacks[0]!.badEntries > 0 && damagedPacks[0]!.badEntries < damagedPacks[0]!.entries);
  t.deepEqual([...new Set(problems.map(({ code }) => code))].sort(), ['chunk-missing', 'object-damaged']);
  const people = await doppel(['--store', store, 'scrub']);
  t.is(people.code, EXIT.damage);
  hasNoTrace(t, people);
  t.regex(people.stdout, /^Problem: Image mail@[0-9a-f]{8} has lost \d+ bytes at byte \d+: /m);
  t.regex(people.stdout, /^Problem: Pack [0-9a-f]{12}… is damaged: .*"doppel scrub --repair"/m);
  const { repair, problems: left } = await scrub(t, store, EXIT.damage, '--repair');
  t.true(repair!.salvagedEntries > 0 && repair!.lostEntries > 0);
  t.is(repair!.emptiedPacks, 1);
  t.true(
    left.every(({ code, image }) => code === 'chunk-missing' && image === `mail@${sample.mail.image.id}`),
  );
  t.is((await doppel(['--store', store, 'gc'])).code, EXIT.done);
  await restoresWhole(t, store, 'web', sample.web.bytes);
  const disk = join(sample.store, '..', 'disk.img'); // what was captured last: mail
  t.true(readFileSync(disk).equals(sample.mail.bytes));
  t.is((await doppel(['--store', store, 'capture', disk, 'again'])).code, EXIT.done);
  await scrub(t, store, EXIT.done);
  await restoresWhole(t, store, 'mail', sample.mail.bytes);
});

test('from another store: 0 when nothing is left', async (t) => {
  const store = copyOf(t, sample);
  const mirror = join(folderFor(t), 'mirror');
  cpSync(sample.store, mirror, { recursive: true });
  hurtMail(store);
  flipByte(filesOf(store, 'images')[0]!, 70);
  const run = await doppel(['--store', store, 'scrub', '--repair', '--from', mirror]);
  t.is(run.code, EXIT.done, run.stdout + run.stderr);
  t.regex(run.stdout, /^ +fetched +\d+ entr(y|ies) from the other store$/m);
  t.regex(run.stdout, /^ +set aside +1 pack: gc deletes them$/m);
  t.regex(run.stdout, /^ +written anew +images\/[0-9a-f]{32}$/m);
  t.is((await scrub(t, store, EXIT.hints)).hints[0]?.code, 'pack-emptied');
  t.is((await doppel(['--store', store, 'gc'])).code, EXIT.done);
  await scrub(t, store, EXIT.done);
  for (const [name, { bytes }] of [['web', sample.web] as const, ['mail', sample.mail] as const])
    await restoresWhole(t, store, name, bytes);
});

test('options that do not go together, and values that make no sense', async (t) => {
  const store = copyOf(t, sample);
  for (const words of [
    ['--from', sample.store],
    ['--repair', '--dry-run'],
    ['--fraction', '110%'],
    ['--fraction', 'some'],
    ['--older-than', 'yesterday'],
    ['--depth', 'deep'],
    ['--limit-rate', '-1'],
  ]) {
    const { code, stdout } = await doppel(['--store', store, 'scrub', ...words]);
    t.is(code, EXIT.usage, words.join(' '));
    t.is(stdout, '');
  }
  const missing = await doppel(['--store', store, 'scrub', '--repair', '--from', join(store, 'nowhere')]);
  t.is(missing.code, EXIT.store);
  t.deepEqual(filesOf(store, 'leases'), []);
});

test('Ctrl-C keeps what was checked', async (t) => {
  // How far a scrub comes in a time depends on what else the machine does: too far is tried again sooner, too short later.
  for (let [waitMs, tries] = [6000, 0]; tries < 10; tries++) {
    const store = copyOf(t, sample);
    const child = startDoppel(['--store', store, 'scrub', '--limit-rate', '1M', '--quiet']);
    const run = finished(child);
    await sleep(waitMs);
    child.kill('SIGINT');
    const { code, signal } = await run;
    t.deepEqual([filesOf(store, 'leases'), filesOf(store, 'tmp')], [[], []]);
    const noted = filesOf(store, 'attested').flatMap((path) => {
      const key = path.slice(store.length + 1);
      return decodeRecord('attestation', key, readFileSync(path), AttestationSchema, blake3).packs;
    });
    const { checkedPacks, packs } = await scrub(t, store, EXIT.done, '--resume');
    t.is(checkedPacks, packs - noted.length);
    t.log(`${noted.length} of ${packs} packs, ${Math.round(waitMs)} ms`);
    if (code === EXIT.interrupt && noted.length > 0 && checkedPacks > 0) return;
    // Before there is anything to stop, the signal itself ends the process.
    t.true(code === EXIT.interrupt || code === EXIT.done || signal === 'SIGINT');
    waitMs *= noted.length > 0 ? 0.8 : 1.25;
  }
  t.fail('it was never stopped half-way');
});

/** As the first thing that a repair does. */
async function leaseTaken(store: string): Promise<void> {
  for (let tries = 0; tries < 2000 && filesOf(store, 'leases').length === 0; tries++) await sleep(10);
}

test('a repair that was killed holds nothing up', async (t) => {
  const store = copyOf(t, sample);
  hurtMail(store);
  const child = startDoppel(['--store', store, 'scrub', '--repair', '--limit-rate', '100K']);
  const run = finished(child);
  await leaseTaken(store);
  child.kill('SIGKILL');
  t.is((await run).signal, 'SIGKILL');
  t.is(filesOf(store, 'leases').length, 1);
  await scrub(t, store, EXIT.damage, '--repair');
  t.is((await doppel(['--store', store, 'gc'])).code, EXIT.done);
  t.deepEqual(filesOf(store, 'leases'), []);
  await restoresWhole(t, store, 'web', sample.web.bytes);
});
