/** The shapes of the JSON documents, and the text beside them, command by command on one small store. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type {
  CaptureResult,
  DiffResult,
  DigestResult,
  Image,
  RebuildResult,
  RestoreResult,
  Setting,
  StoreInfo,
  StoreStats,
  Usage,
  VerifyResult,
  Versions,
} from '../../src/index.js';
import { doppel, temporaryFolder } from './run-doppel.js';
import { json, type SampleStore, sampleStore } from './sample-store.js';

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let sample: SampleStore;
let store: readonly string[];

test.before(async () => {
  sample = await sampleStore();
  store = ['--store', sample.store];
});

test('ls: an array of images, by name and sequence', async (t) => {
  const images = await json<readonly Image[]>(t, [...store, 'ls']);
  const named = images.filter(({ name }) => name === 'web' || name === 'mail');
  t.deepEqual(
    named.map(({ name, sequence, tags }) => [name, sequence, tags]),
    [
      ['mail', 1, []],
      ['web', 1, ['old']],
      ['web', 2, ['stable']],
    ],
  );
  for (const image of named) {
    t.regex(image.id, /^[0-9a-f]{32}$/);
    t.regex(String(image.created), ISO_TIME);
    t.is(image.size, sample.bytes.length);
    t.is(typeof image.usedBytes, 'number');
    t.is(typeof image.storedBytes, 'number');
  }
  const labelled = await json<readonly Image[]>(t, [...store, 'ls', '--label', 'site=berlin']);
  t.deepEqual(
    labelled.map(({ tags }) => tags),
    [['old']],
  );
  t.deepEqual(await json(t, [...store, 'ls', 'nothing*']), []);
});

test('ls: a table for people', async (t) => {
  const { stdout, stderr } = await doppel([...store, 'ls', 'web']);
  const [head, first, second] = stdout.split('\n');
  t.regex(head!, /^NAME +TAGS +ID +CREATED +SIZE +USED +ADDED$/);
  t.regex(first!, /^web +old +[0-9a-f]{8} +\d{4}-\d\d-\d\d \d\d:\d\d +5 MiB /);
  t.regex(second!, /^web +stable /);
  t.is(stderr, '');
  const none = await doppel([...store, 'ls', 'nothing']);
  t.is(none.stdout, '');
  t.is(none.stderr, 'No images.\n');
});

test('show: one image, with its own share on demand', async (t) => {
  const image = await json<Image & { usage?: Usage }>(t, [...store, 'show', 'web:old']);
  t.is(image.name, 'web');
  t.is(image.usage, undefined);
  t.is(image.layout.table, 'none');
  const { usage } = await json<Image & { usage: Usage }>(t, [...store, 'show', 'web:old', '--exclusive']);
  t.true(usage.exclusiveBytes > 0 && usage.exclusiveChunks > 0);
  const { stdout } = await doppel([...store, 'show', `@${image.id}`, '--exclusive']);
  for (const part of [image.id, image.digest, 'site=berlin', 'No partition table', 'Only this image needs']) {
    t.true(stdout.includes(part), part);
  }
});

test('capture: the result and its image', async (t) => {
  const words = [...store, 'capture', sample.disk, 'again:x', '--label', 'a=1', '--label', 'b=2', '--sha256'];
  const result = await json<CaptureResult>(t, [...words, '--description', 'a remark']);
  t.is(result.image!.name, 'again');
  t.deepEqual(result.image!.tags, ['x']);
  t.deepEqual(result.image!.labels, { a: '1', b: '2' });
  t.is(result.image!.description, 'a remark');
  t.is(result.newBytes, 0);
  t.regex(result.sha256!, /^[0-9a-f]{64}$/);
  t.deepEqual(result.badRanges, []);
  const dryRun = await json<CaptureResult>(t, [...store, 'capture', sample.disk, 'never', '--dry-run']);
  t.is(dryRun.image, undefined);
  t.deepEqual(await json(t, [...store, 'ls', 'never']), []);
});

test('capture: what people read', async (t) => {
  const { stdout, code } = await doppel([...store, 'capture', sample.disk, 'people:x']);
  t.is(code, 0);
  t.regex(stdout, /^Captured people@[0-9a-f]{8} \(people:x\)\n {2}size {4}5 MiB in /);
  t.regex(stdout, /\n {2}digest {2}[0-9a-f]{64}\n$/);
  const dryRun = await doppel([...store, 'capture', sample.disk, 'people', '--dry-run']);
  t.true(dryRun.stdout.startsWith('Dry run: people was not captured\n'), dryRun.stdout);
});

test('restore: to a file, over a file, and to standard output', async (t) => {
  const target = join(sample.folder, 'restored.img');
  const result = await json<RestoreResult>(t, [...store, 'restore', 'web:stable', target, '--verify']);
  t.is(result.image.name, 'web');
  t.is(result.size, sample.bytes.length);
  t.true(result.verified);
  t.true((await readFile(target)).equals(sample.bytes));
  await writeFile(target, 'old');
  const dryRun = await doppel([...store, 'restore', 'web', target, '--force', '--dry-run']);
  t.true(dryRun.stdout.startsWith('Dry run: web@'), dryRun.stderr);
  t.is(await readFile(target, 'utf8'), 'old');
  const forced = await doppel([...store, 'restore', 'web', target, '--force']);
  t.is(forced.code, 0, forced.stderr);
  t.true((await readFile(target)).equals(sample.bytes));
  const piped = await doppel([...store, 'restore', 'web', '-']);
  t.is(piped.code, 0);
  t.regex(piped.stderr, /^Restored web@[0-9a-f]{8} \(web:stable\) to standard output\n/);
});

test('diff: sums, ranges and partitions', async (t) => {
  const result = await json<DiffResult>(t, [...store, 'diff', 'web:old', 'web:stable']);
  t.is(result.a.sequence, 1);
  t.is(result.sameBytes + result.differentBytes, sample.bytes.length);
  t.true(result.differentBytes >= 4096);
  t.true(result.ranges.length > 0);
  const { stdout } = await doppel([...store, 'diff', 'web:old', 'web:stable']);
  t.regex(stdout, /PARTITION/);
  const same = await doppel([...store, 'diff', 'web:stable', 'mail']);
  t.regex(same.stdout, /No byte differs/);
});

test('tags, labels, protection and removal give the image back', async (t) => {
  const act = (...words: string[]) => json<Image>(t, [...store, ...words]);
  await doppel([...store, 'capture', sample.disk, 'acts']);
  t.deepEqual((await act('tag', 'acts', 'good')).tags, ['good']);
  t.deepEqual((await act('untag', 'acts:good')).tags, []);
  t.deepEqual((await act('label', 'acts', 'a=1', 'b=2')).labels, { a: '1', b: '2' });
  t.deepEqual((await act('label', 'acts', 'a-')).labels, { b: '2' });
  t.true((await act('protect', 'acts')).protected);
  t.regex((await doppel([...store, 'ls', 'acts'])).stdout, /acts \[protected\]/);
  const refused = await doppel([...store, 'rm', 'acts']);
  t.is(refused.code, 9);
  t.false((await act('unprotect', 'acts')).protected);
  const removed = await act('rm', 'acts');
  t.true(removed.removed);
  t.is((await doppel([...store, 'show', 'acts'])).code, 4);
  t.is((await json<readonly Image[]>(t, [...store, 'ls', '--removed']))[0]!.id, removed.id);
  t.false((await act('undelete', `@${removed.id}`)).removed);
});

test('verify: images, problems, counts', async (t) => {
  const result = await json<VerifyResult>(t, [...store, 'verify', 'web:old', 'web:stable']);
  t.deepEqual(
    result.images.map(({ ok }) => ok),
    [true, true],
  );
  t.deepEqual(result.problems, []);
  t.true(result.checkedBytes > 0);
  const { stdout } = await doppel([...store, 'verify', 'web:old']);
  t.regex(stdout, /^ok {7}web@.*\nChecked 1 image, .*: no problem\n$/);
});

test('digest: the same as the image has, without a store', async (t) => {
  const folder = await temporaryFolder();
  const { digest } = await json<Image>(t, [...store, 'show', 'web:stable']);
  const result = await json<DigestResult>(t, ['digest', sample.disk, '--sha256']);
  t.is(result.digest, digest);
  t.is(result.size, sample.bytes.length);
  t.regex(result.sha256!, /^[0-9a-f]{64}$/);
  const { stdout } = await doppel(['digest', sample.disk], { cwd: folder });
  t.is(stdout, `${digest}  ${sample.bytes.length}  ${sample.disk}\n`);
});

test('stats: the store and each image', async (t) => {
  const result = await json<StoreStats & { store: StoreInfo }>(t, [...store, 'stats']);
  t.true(result.images >= 3);
  t.true(result.dedupRatio > 1);
  t.is(result.perImage.length, result.images);
  t.regex(result.store.id, /^[0-9a-f]+$/);
  const { stdout } = await doppel([...store, 'stats']);
  t.regex(stdout, /deduplication +\d+\.\d\d : 1\n/);
  t.regex(stdout, /\nIMAGE +USED /);
});

test('rebuild: what was read', async (t) => {
  const result = await json<RebuildResult>(t, [...store, 'rebuild']);
  t.true(result.packs > 0 && result.entries > 0);
  t.deepEqual(result.damagedPacks, []);
});

test('config: all settings, one, and a change', async (t) => {
  const settings = await json<readonly Setting[]>(t, [...store, 'config', 'get']);
  t.true(settings.some(({ name, defaultValue }) => name === 'level' && defaultValue === 2));
  t.is((await doppel([...store, 'config', 'get', 'level'])).stdout, '2\n');
  t.is((await json<Setting>(t, [...store, 'config', 'set', 'level', '5'])).value, 5);
  t.is((await doppel([...store, 'config', 'get', 'level'])).stdout, '5\n');
});

test('init: the store that was made, by argument or by option', async (t) => {
  const folder = await temporaryFolder();
  const words = ['--min-chunk', '8K', '--avg-chunk', '32K', '--max-chunk', '128K', '--level', '1'];
  const info = await json<StoreInfo>(t, ['init', join(folder, 'a'), ...words]);
  t.true(Object.values(info.chunker).includes(32768), JSON.stringify(info.chunker));
  t.regex(String(info.created), ISO_TIME);
  t.is((await doppel(['init'], { cwd: folder })).code, 0);
  t.is((await doppel(['ls'], { cwd: folder })).code, 0);
  const again = await doppel(['init'], { cwd: folder });
  t.is(again.code, 3);
});

test('version: the parts, and which of them are native', async (t) => {
  const result = await json<Versions>(t, ['version']);
  t.true(result.parts.every(({ native }) => typeof native === 'boolean'));
  t.is((await doppel(['-V'])).stdout, `${result.doppel}\n`);
  t.deepEqual(await json(t, ['--version']), { doppel: result.doppel });
});

test('completion: the script itself', async (t) => {
  const { stdout } = await doppel(['completion', 'bash']);
  t.true(stdout.startsWith('# bash completion'));
  t.deepEqual(await json(t, ['completion', 'bash']), { shell: 'bash', script: stdout });
});
