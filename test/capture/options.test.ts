/** What a capture is told beside its source: words, hooks, dry run, signals; and what it says of the disk. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { inPieces, newLibraryStore } from '../support/library-store.js';
import { folderFor, loopDevice, mountDevice, tool } from '../support/machine.js';
import { editedDisk, seededDisk } from '../support/seeded-disk.js';
import { filesOf } from '../support/store-files.js';

const MIB = 1024 ** 2;

function diskFile(t: ExecutionContext, bytes: Uint8Array = seededDisk('disk', 3 * MIB)): string {
  const disk = join(folderFor(t), 'disk');
  writeFileSync(disk, bytes);
  return disk;
}

test('what was said of an image comes back', async (t) => {
  const { store } = await newLibraryStore(t);
  const labels = { site: 'berlin', constructor: 'nobody', 'a b': '' };
  const { image } = await store.capture(diskFile(t), 'wéb', {
    tag: 'stable',
    labels,
    description: 'after\nthe move',
  });
  const found = await store.image('wéb:stable');
  t.deepEqual(found, image);
  t.deepEqual(found.labels, labels);
  t.is(found.description, 'after\nthe move');
  t.deepEqual(found.tags, ['stable']);
  t.is(found.sequence, 1);
  t.true(found.started <= found.created);
  await store.capture(diskFile(t), 'wéb', { tag: 'stable' });
  t.is((await store.image('wéb:stable')).sequence, 2, 'the tag moved');
  t.deepEqual((await store.image('wéb~1')).tags, []);
});

test('a dry run counts and writes nothing', async (t) => {
  const { store, location } = await newLibraryStore(t);
  const first = seededDisk('dry', 5 * MIB);
  await store.capture(diskFile(t, first), 'web');
  const before = filesOf(location, '').filter((path) => !path.includes('/index/'));
  const later = diskFile(t, editedDisk(first, 'dry later'));
  const dry = await store.capture(later, 'web', { dryRun: true });
  t.is(dry.image, undefined);
  t.is(dry.storedBytes, 0);
  t.deepEqual(
    filesOf(location, '').filter((path) => !path.includes('/index/')),
    before,
  );
  const wet = await store.capture(later, 'web');
  t.deepEqual(
    [wet.newBytes, wet.newChunks, wet.sharedBytes, wet.zeroBytes, wet.digest],
    [dry.newBytes, dry.newChunks, dry.sharedBytes, dry.zeroBytes, dry.digest],
  );
});

test('before and after run around the read', async (t) => {
  const { store } = await newLibraryStore(t);
  const folder = folderFor(t);
  const [disk, log] = [join(folder, 'disk'), join(folder, 'log')];
  await store.capture(disk, 'web', {
    before: `echo before >> '${log}'; printf frozen > '${disk}'`,
    after: `echo after >> '${log}'; printf thawed > '${disk}'`,
  });
  t.is(readFileSync(log, 'utf8'), 'before\nafter\n');
  t.is((await store.image('web')).size, 'frozen'.length);
});

test('after runs when the read fails, when before fails, and when the capture is stopped', async (t) => {
  const { store, warnings } = await newLibraryStore(t);
  const folder = folderFor(t);
  const log = join(folder, 'log');
  const after = `echo after >> '${log}'`;
  await t.throwsAsync(store.capture(join(folder, 'none'), 'web', { before: 'true', after }), {
    code: 'source-missing',
  });
  await t.throwsAsync(store.capture(diskFile(t), 'web', { before: 'exit 3', after }), {
    code: 'hook-failed',
    message: /^The --before command ended with 3: exit 3/,
  });
  const controller = new AbortController();
  const reason = new Error('enough');
  async function* endless() {
    for (let i = 0; ; i++) {
      yield seededDisk(`endless ${i}`, MIB);
      if (i === 20) controller.abort(reason);
    }
  }
  const stopped = await t.throwsAsync(store.capture(endless(), 'web', { signal: controller.signal, after }));
  t.is(stopped, reason);
  t.is(readFileSync(log, 'utf8'), 'after\nafter\nafter\n');
  t.deepEqual(await store.images(), []);
  // The first failure is the one that counts.
  await t.throwsAsync(store.capture(join(folder, 'none'), 'web', { after: 'exit 4' }), {
    code: 'source-missing',
  });
  t.true(warnings.some(({ code }) => code === 'hook-failed'));
});

test('an after command that fails fails the capture, and nothing is published', async (t) => {
  const { store, location } = await newLibraryStore(t);
  await t.throwsAsync(store.capture(diskFile(t), 'web', { after: 'exit 5' }), {
    code: 'hook-failed',
    message: /^The --after command ended with 5/,
  });
  t.deepEqual(await store.images(), []);
  t.deepEqual(readdirSync(join(location, 'tmp')), []);
});

test('a device that is mounted read-write: the image may be inconsistent, says a warning', async (t) => {
  const disk = diskFile(t, Buffer.alloc(16 * MIB));
  const device = loopDevice(t, disk);
  if (device === undefined || !tool(t, 'mkfs.ext4', '-q', device)) return;
  const { store, warnings } = await newLibraryStore(t);
  const point = mountDevice(t, device);
  if (point === undefined) return;
  const { image } = await store.capture(device, 'web');
  t.is(warnings.length, 1);
  t.is(warnings[0]?.code, 'source-mounted');
  t.true(warnings[0]?.message.includes(point));
  t.is(image?.layout.fileSystem?.type ?? 'ext4', 'ext4');
});

test('progress ends at the end', async (t) => {
  const { store } = await newLibraryStore(t);
  const bytes = seededDisk('progress', 6 * MIB);
  const seen: number[] = [];
  await store.capture(inPieces(bytes), 'web', { onProgress: ({ doneBytes }) => seen.push(doneBytes) });
  t.is(seen.at(-1), bytes.length);
  t.deepEqual(
    seen,
    [...seen].sort((a, b) => a - b),
  );
});

test('four captures at once in one process', async (t) => {
  const { store } = await newLibraryStore(t);
  const disks = ['a', 'b', 'c', 'd'].map((name) => [name, seededDisk(name, 4 * MIB)] as const);
  await Promise.all(disks.map(([name, bytes]) => store.capture(inPieces(bytes), name)));
  const { problems, images } = await store.verify();
  t.deepEqual(problems, []);
  t.is(images.length, 4);
});

test('a store opened twice in one process serves both', async (t) => {
  const { store, location } = await newLibraryStore(t);
  const { openLibraryStore } = await import('../support/library-store.js');
  const other = await openLibraryStore(t, location);
  const bytes = seededDisk('twice', 3 * MIB);
  await store.capture(inPieces(bytes), 'web');
  const again = await other.store.capture(inPieces(bytes), 'web');
  t.is(again.newChunks, 0);
  t.deepEqual(other.warnings, []);
  t.true(existsSync(join(location, 'index')));
});
