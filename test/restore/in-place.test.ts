/** Updates where the target stands: the result is the image whatever stood there, and no block is written in vain. */
import { existsSync, linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import type { RestoreResult, Store, Warning } from '../../src/index.js';
import { PackKind } from '../../store-format/index.js';
import { temporaryFolder } from '../cli/run-doppel.js';
import { differingDataBytes, fileWith, glance } from '../support/disk-targets.js';
import { inPieces, library, newLibraryStore, openLibraryStore } from '../support/library-store.js';
import { inventedDevice, loopDevice } from '../support/machine.js';
import { editedDisk, seededBytes, seededDisk } from '../support/seeded-disk.js';
import { flipByte, type PackFile, packFiles, partsOf } from '../support/store-files.js';

const MIB = 1024 ** 2;
const SIZE = 11 * MIB + 3 * 4096 + 700;

const image = seededDisk('in place', SIZE);

/** One store for most tests: its threads start once. */
let store: Store;
const warnings: Warning[] = [];
let names = 0;

test.before(async () => {
  const location = join(await temporaryFolder(), 'store');
  await library.initStore(location);
  store = await library.openStore(location, {
    parallelism: 2,
    onWarning: (warning) => warnings.push(warning),
  });
  await store.capture(inPieces(image), 'web');
});

test.after.always(() => store?.close());

/** @returns the new image's name */
async function captured(bytes: Buffer): Promise<string> {
  const name = `image-${names++}`;
  await store.capture(inPieces(bytes), name);
  return name;
}

/** Nothing that is right already is written, and all the rest once. */
function countsAreRight(t: ExecutionContext, result: RestoreResult, old: Buffer, wanted: Buffer): void {
  const needed = differingDataBytes(old, wanted);
  t.true(result.writtenBytes <= 1.02 * needed, `${result.writtenBytes} written, ${needed} needed`);
  t.is(result.sameBytes! + result.differentBytes!, wanted.length);
  t.true(result.differentBytes! >= result.writtenBytes);
}

const OLD_CONTENTS: readonly (readonly [string, Buffer])[] = [
  ['an empty file', Buffer.alloc(0)],
  ['the same content', image],
  ['another image', seededDisk('another', SIZE - 5 * 4096)],
  ['an earlier version', editedDisk(image, 'earlier')],
  ['a longer file', Buffer.concat([image, seededBytes('behind', 3 * MIB + 1)])],
  ['a shorter file', Buffer.from(image.subarray(0, 6 * MIB + 1234))],
  ['random bytes', seededBytes('noise', SIZE)],
  ['zeros', Buffer.alloc(SIZE)],
  ['the image moved by 512 bytes', Buffer.concat([seededBytes('boot', 512), image])],
  ['one byte', Buffer.from('x')],
];

for (const [title, old] of OLD_CONTENTS) {
  test.serial(`a file that holds ${title}`, async (t) => {
    const path = fileWith(t, old);
    const { ino } = statSync(path);
    const dryRun = await store.restore('web', path, { inPlace: true, dryRun: true });
    t.true(readFileSync(path).equals(old), 'a dry run writes nothing');
    const result = await store.restore('web', path, { inPlace: true, verify: true });
    t.true(result.verified);
    t.true(readFileSync(path).equals(image));
    t.is(statSync(path).ino, ino, 'it is the same file');
    countsAreRight(t, result, old, image);
    t.is(dryRun.writtenBytes, 0);
    t.true(dryRun.differentBytes! >= result.writtenBytes, 'a dry run says what is written at most');
    if (old === image) t.is(dryRun.differentBytes, 0);
    const again = await store.restore('web', path, { inPlace: true });
    t.is(again.writtenBytes, 0);
    t.is(again.sameBytes, SIZE);
  });
}

test.serial('a missing file is made, by a restore and not by a dry run', async (t) => {
  const path = fileWith(t, image);
  rmSync(path);
  const dryRun = await store.restore('web', path, { inPlace: true, dryRun: true });
  t.false(existsSync(path));
  t.true(dryRun.differentBytes! > 0);
  const result = await store.restore('web', path, { inPlace: true });
  t.true(readFileSync(path).equals(image));
  countsAreRight(t, result, Buffer.alloc(0), image);
  t.true(result.writtenBytes <= dryRun.differentBytes!);
});

for (const size of [1, 511, 4095, 4097, MIB - 1, MIB + 1, 4 * MIB + 513]) {
  test.serial(`an image of ${size} bytes`, async (t) => {
    const bytes = Buffer.concat([seededBytes(`size ${size}`, size >> 1), Buffer.alloc(size - (size >> 1))]);
    const name = await captured(bytes);
    for (const old of [seededBytes('old', size + 4096), seededBytes('old', size >> 2)]) {
      const path = fileWith(t, old);
      const result = await store.restore(name, path, { inPlace: true, verify: true });
      t.true(readFileSync(path).equals(bytes));
      countsAreRight(t, result, old, bytes);
    }
  });
}

test.serial('an empty image empties the file', async (t) => {
  const name = await captured(Buffer.alloc(0));
  const path = fileWith(t, seededBytes('old', 5000));
  t.is((await store.restore(name, path, { inPlace: true })).size, 0);
  t.is(statSync(path).size, 0);
});

test.serial(
  'holes of the image are given back, and blocks that are zero already are left alone',
  async (t) => {
    const bytes = Buffer.alloc(24 * MIB);
    seededBytes('island', MIB).copy(bytes, 9 * MIB + 8192);
    const name = await captured(bytes);
    const path = fileWith(t, seededBytes('full', 24 * MIB));
    t.true(512 * statSync(path).blocks >= 24 * MIB);
    const result = await store.restore(name, path, { inPlace: true });
    t.true(readFileSync(path).equals(bytes));
    t.true(512 * statSync(path).blocks <= 2 * MIB, `${statSync(path).blocks} blocks`);
    t.is(result.writtenBytes, MIB);
    t.is(result.differentBytes, 24 * MIB);
  },
);

test.serial('all hard links of the file change', async (t) => {
  const path = fileWith(t, Buffer.from('old'));
  linkSync(path, `${path}.link`);
  await store.restore('web', path, { inPlace: true });
  t.true(readFileSync(`${path}.link`).equals(image));
});

test.serial(
  'a device with earlier content: consent is needed, what lies behind the image stays',
  async (t) => {
    for (const start of [editedDisk(image, 'device'), seededBytes('other', SIZE)]) {
      const old = Buffer.concat([start, seededBytes('behind', 13 * MIB - SIZE)]);
      const path = fileWith(t, old);
      const device = loopDevice(t, path);
      if (device === undefined) return;
      await t.throwsAsync(store.restore('web', device, { inPlace: true }), { code: 'target-needs-consent' });
      const dryRun = await store.restore('web', device, { inPlace: true, dryRun: true });
      t.true(readFileSync(device).equals(old));
      const result = await store.restore('web', device, { inPlace: true, overwrite: true, verify: true });
      const found = readFileSync(device);
      t.true(found.subarray(0, SIZE).equals(image));
      t.true(found.subarray(SIZE).equals(old.subarray(SIZE)));
      countsAreRight(t, result, old, image);
      t.true(result.writtenBytes <= dryRun.differentBytes!);
      t.is((await store.restore('web', device, { inPlace: true, overwrite: true })).writtenBytes, 0);
    }
  },
);

test.serial('a device that is too small is refused', async (t) => {
  const device = loopDevice(t, fileWith(t, Buffer.alloc(4 * MIB)));
  if (device === undefined) return;
  await t.throwsAsync(store.restore('web', device, { inPlace: true, overwrite: true }), {
    code: 'target-too-small',
  });
});

test.serial('what cannot be read of a target is never taken for right', async (t) => {
  const wanted = Buffer.from(image);
  const [from, to] = [3 * MIB + 40_960, 3 * MIB + 53_248];
  wanted.fill(0, 3 * MIB, 4 * MIB);
  const name = await captured(wanted);
  const path = fileWith(t, Buffer.concat([wanted, Buffer.alloc(MIB)]).fill('garbage', from, to));
  const bad = `if [ $4 -lt ${to} ] && [ $(($4 + $3)) -gt ${from} ]; then echo EIO bad spot >&2; exit 1; fi; `;
  const device = await inventedDevice(
    t,
    'eval',
    `get_size=echo ${12 * MIB + 512 * 1024}`,
    `pread=${bad}dd if=${path} iflag=skip_bytes,count_bytes skip=$4 count=$3 status=none`,
    `pwrite=dd of=${path} oflag=seek_bytes seek=$4 conv=notrunc status=none`,
  );
  if (device === undefined) return;
  await store.restore(name, device, { inPlace: true, overwrite: true });
  t.true(readFileSync(path).subarray(0, SIZE).equals(wanted));
});

/**
 * Is aborted when it is asked and something of the file has changed: after the first write, and long before the last, as it
 * is asked before each of the many jobs. How quick anything is does not matter, as it would to words of progress.
 */
function stopOnceWritten(
  path: string,
  size: number,
): { readonly signal: AbortSignal; readonly reason: Error } {
  const controller = new AbortController();
  const reason = new Error('enough');
  const before = glance(path, size);
  const throwIfAborted = () => {
    if (glance(path, size) !== before) controller.abort(reason);
    if (controller.signal.aborted) throw reason;
  };
  return { signal: Object.assign(controller.signal, { throwIfAborted }), reason };
}

test.serial('stopped half-way, it says so, and a second run completes it', async (t) => {
  const bytes = seededDisk('stopped', 96 * MIB);
  const name = await captured(bytes);
  const path = fileWith(t, seededBytes('stopped old', 64 * MIB));
  const { signal, reason } = stopOnceWritten(path, bytes.length);
  t.is(await t.throwsAsync(store.restore(name, path, { inPlace: true, signal })), reason);
  const [warning] = warnings.filter(({ code }) => code === 'target-incomplete');
  t.is(warning?.message, `${path} is part old and part new now; restoring in place once more completes it`);
  const found = readFileSync(path);
  t.false(found.equals(bytes), 'it was stopped before the end');
  await store.restore(name, path, { inPlace: true, verify: true });
  t.true(readFileSync(path).equals(bytes));
});

test.serial('stopped before anything was written, the file is what it was and nothing is said', async (t) => {
  const before = warnings.length;
  const old = seededBytes('untouched', SIZE);
  const path = fileWith(t, old);
  const signal = AbortSignal.abort(new Error('enough'));
  await t.throwsAsync(store.restore('web', path, { inPlace: true, signal }), { message: 'enough' });
  t.true(readFileSync(path).equals(old));
  t.is(warnings.length, before);
});

/** A store of which all data packs were tampered with; opened anew, since threads remember frames. */
async function damagedStore(t: ExecutionContext, bytes: Buffer, damage: (pack: PackFile) => void) {
  const { store, location } = await newLibraryStore(t);
  await store.capture(inPieces(bytes), 'web');
  await store.close();
  for (const pack of packFiles(location)) if (pack.footer.kind === PackKind.data) damage(pack);
  return openLibraryStore(t, location);
}

test.serial('damage: what the target holds is not missed; the rest is an error, or zeros', async (t) => {
  const bytes = Buffer.concat([seededBytes('damage', 2 * MIB), Buffer.alloc(MIB), seededBytes('more', MIB)]);
  const { store } = await damagedStore(t, bytes, (pack) => flipByte(pack.path, partsOf(pack).frame));
  const path = fileWith(t, bytes);
  t.is((await store.restore('web', path, { inPlace: true, verify: true })).writtenBytes, 0);
  const old = seededBytes('old', 5 * MIB);
  writeFileSync(path, old);
  await t.throwsAsync(store.restore('web', path, { inPlace: true }), {
    code: 'chunk-damaged',
    message: /--on-damage zero .*part old and part new now; restoring in place once more completes it$/,
  });
  const result = await store.restore('web', path, { inPlace: true, onDamage: 'zero' });
  t.true(result.damagedRanges.length > 0);
  const expected = Buffer.from(bytes);
  for (const { offset, length } of result.damagedRanges) expected.fill(0, offset, offset + length);
  t.true(readFileSync(path).equals(expected));
});

test.serial('chunks that no pack holds are found before anything is written', async (t) => {
  const { store } = await damagedStore(t, image, ({ path }) => rmSync(path));
  const old = editedDisk(image, 'gone');
  const path = fileWith(t, old);
  await t.throwsAsync(store.restore('web', path, { inPlace: true }), { code: 'chunk-missing' });
  t.true(readFileSync(path).equals(old));
  await t.throwsAsync(store.restore('web', path, { inPlace: true, dryRun: true }), { code: 'chunk-missing' });
});

test.serial('misuse', async (t) => {
  await t.throwsAsync(store.restore('web', new Writable(), { inPlace: true }), { instanceOf: TypeError });
  await t.throwsAsync(store.restore('web', '/dev/null', { inPlace: true }), { code: 'target-unwritable' });
  await t.throwsAsync(store.restore('web', '/no-such-folder/x', { inPlace: true }), {
    code: 'target-unwritable',
  });
});
