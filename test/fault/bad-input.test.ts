/** Stores, images, sources and targets that will not do: what the command says, and with which exit code. */
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { EXIT } from '../../cli/exit-codes.js';
import { doppel } from '../cli/run-doppel.js';
import { inPieces, newLibraryStore } from '../support/library-store.js';
import { folderFor, loopDevice, mountDevice, tool } from '../support/machine.js';
import { seededBytes } from '../support/seeded-disk.js';
import { type Complaint, complains, makeSample, type Sample } from './sample.js';

const MIB = 1024 ** 2;

let sample: Sample;

test.before(async () => {
  sample = await makeSample();
});

type Row = readonly [
  title: string,
  words: readonly string[],
  exitCode: number,
  code: string,
  message: RegExp,
];

/** `<store>`: the sample. `<folder>`: a folder with a file `file` and an empty folder `empty`. */
const ROWS: readonly Row[] = [
  [
    'a store that is not there',
    ['--store', '<folder>/none', 'ls'],
    EXIT.store,
    'store-missing',
    /none; "doppel init"/,
  ],
  [
    'a folder that is no store',
    ['--store', '<folder>/empty', 'ls'],
    EXIT.store,
    'not-a-store',
    /empty is not a doppel store/,
  ],
  ['a file as store', ['--store', '<folder>/file', 'ls'], EXIT.store, 'not-a-store', /file is not a folder/],
  ['init over a store', ['init', '<store>'], EXIT.store, 'store-exists', /is a doppel store already/],
  ['init in a folder with files', ['init', '<folder>'], EXIT.store, 'store-exists', /is not empty/],
  [
    'init below a file',
    ['init', '<folder>/file/store'],
    EXIT.store,
    'store-exists',
    /^Cannot make a store at .*file\/store/,
  ],
  [
    'an image that nobody captured',
    ['--store', '<store>', 'show', 'nobody'],
    EXIT.unknownImage,
    'unknown-reference',
    /"nobody"; "doppel ls"/,
  ],
  ['no reference', ['--store', '<store>', 'show', 'a b'], EXIT.usage, 'bad-reference', /"a b".*use NAME/],
  [
    'a source that is not there',
    ['--store', '<store>', 'capture', '<folder>/none', 'x'],
    EXIT.source,
    'source-missing',
    /^There is no .*none/,
  ],
  [
    'a folder as source',
    ['--store', '<store>', 'capture', '<folder>', 'x'],
    EXIT.source,
    'source-unreadable',
    /is a folder, not a disk image/,
  ],
  [
    'a character device as source',
    ['--store', '<store>', 'capture', '/dev/null', 'x'],
    EXIT.source,
    'source-unreadable',
    /is a character device, not/,
  ],
  [
    'a source below a file',
    ['--store', '<store>', 'capture', '<folder>/file/disk', 'x'],
    EXIT.source,
    'source-unreadable',
    /^Cannot open .*file\/disk/,
  ],
  [
    'a bad name',
    ['--store', '<store>', 'capture', '<folder>/file', 'a/b'],
    EXIT.usage,
    'bad-name',
    /"a\/b" cannot be a name: use letters/,
  ],
  [
    'a target that exists',
    ['--store', '<store>', 'restore', 'mail', '<folder>/file'],
    EXIT.target,
    'target-exists',
    /file exists; --force/,
  ],
  [
    'a target in no folder',
    ['--store', '<store>', 'restore', 'mail', '<folder>/none/x'],
    EXIT.target,
    'target-unwritable',
    /^Cannot write .*none\/x: its folder does not exist/,
  ],
  [
    'a folder as target',
    ['--store', '<store>', 'restore', 'mail', '<folder>', '--force'],
    EXIT.target,
    'target-unwritable',
    /is neither a file nor a block device/,
  ],
  [
    'a character device as target',
    ['--store', '<store>', 'restore', 'mail', '/dev/null', '--force'],
    EXIT.target,
    'target-unwritable',
    /is neither a file nor a block device/,
  ],
  [
    'a name that is too long to keep',
    ['--store', '<store>', 'capture', '<folder>/file', 'n'.repeat(256)],
    EXIT.usage,
    'bad-name',
    /cannot be a name/,
  ],
  [
    'a label whose key is too long to keep',
    ['--store', '<store>', 'capture', '<folder>/file', 'x', '--label', `${'k'.repeat(256)}=v`],
    EXIT.usage,
    'bad-setting',
    /label/,
  ],
  [
    'a label whose value is too long to keep',
    ['--store', '<store>', 'capture', '<folder>/file', 'x', '--label', `k=${'v'.repeat(65_537)}`],
    EXIT.usage,
    'bad-setting',
    /label/,
  ],
  [
    'a description that is too long to keep',
    ['--store', '<store>', 'capture', '<folder>/file', 'x', '--description', 'd'.repeat(65_537)],
    EXIT.usage,
    'bad-setting',
    /description/,
  ],
  [
    'a later label whose key is too long to keep',
    ['--store', '<store>', 'label', 'mail', `${'k'.repeat(256)}=v`],
    EXIT.usage,
    'bad-setting',
    /label/,
  ],
];

for (const [title, words, exitCode, code, message] of ROWS) {
  test.serial(title, async (t) => {
    const folder = folderFor(t);
    writeFileSync(join(folder, 'file'), 'old');
    mkdirSync(join(folder, 'empty'));
    const filled = words.map((word) => word.replace('<store>', sample.store).replace('<folder>', folder));
    await complains(t, filled, { exitCode, code, message });
    t.is(readFileSync(join(folder, 'file'), 'utf8'), 'old');
    const { code: after, stderr } = await doppel(['--store', sample.store, 'ls']);
    t.is(after, 0);
    t.is(stderr, '', 'the store is none the worse for it');
  });
}

/** Ids are random; among seventeen, two share one of the sixteen first digits. */
test.serial('an id that could be two', async (t) => {
  const { store, location } = await newLibraryStore(t);
  const digits = new Set<string>();
  let common: string | undefined;
  for (let i = 0; common === undefined; i++) {
    const { image } = await store.capture(inPieces(seededBytes(`image ${i}`, 100)), `image-${i}`);
    const digit = image!.id[0]!;
    if (digits.has(digit)) common = digit;
    digits.add(digit);
  }
  await complains(t, ['--store', location, 'show', `@${common}`], {
    exitCode: EXIT.unknownImage,
    code: 'ambiguous-reference',
    message: /could be image-.*@.*, image-.*@.*give more digits/,
  });
});

const busy: Complaint = {
  exitCode: EXIT.target,
  code: 'target-busy',
  message: /is in use: .*release it first/,
};

function toDevice(device: string): readonly string[] {
  return ['--store', sample.store, 'restore', 'mail', device, '--yes'];
}

test.serial('a device that is too small is refused before a byte is written', async (t) => {
  const file = join(folderFor(t), 'small');
  const old = seededBytes('small', 4 * MIB);
  writeFileSync(file, old);
  const device = loopDevice(t, file);
  if (device === undefined) return;
  const needed = sample.mail.bytes.length;
  const message = new RegExp(`holds ${4 * MIB} bytes, the image needs ${needed}`);
  await complains(t, toDevice(device), { exitCode: EXIT.target, code: 'target-too-small', message });
  t.true(readFileSync(file).equals(old));
});

test.serial('a device is not overwritten without consent', async (t) => {
  const file = join(folderFor(t), 'disk');
  const old = seededBytes('disk', 8 * MIB);
  writeFileSync(file, old);
  const device = loopDevice(t, file);
  if (device === undefined) return;
  const complaint = {
    exitCode: EXIT.target,
    code: 'target-needs-consent',
    message: /would be overwritten; --yes/,
  };
  await complains(t, ['--store', sample.store, 'restore', 'mail', device], complaint);
  await complains(t, ['--store', sample.store, 'restore', 'mail', device, '--force'], complaint);
  t.true(readFileSync(file).equals(old));
});

test.serial('a read-only device is refused', async (t) => {
  const file = join(folderFor(t), 'disk');
  writeFileSync(file, Buffer.alloc(8 * MIB));
  const device = loopDevice(t, file, '--read-only');
  if (device === undefined) return;
  await complains(t, toDevice(device), {
    exitCode: EXIT.target,
    code: 'target-unwritable',
    message: /^Cannot write \/dev\/loop/,
  });
});

test.serial('a mounted device is refused', async (t) => {
  const file = join(folderFor(t), 'disk');
  writeFileSync(file, '');
  truncateSync(file, 16 * MIB);
  const device = loopDevice(t, file);
  if (device === undefined || !tool(t, 'mkfs.ext4', '-q', device)) return;
  if (mountDevice(t, device) === undefined) return;
  await complains(t, toDevice(device), busy);
});

test.serial('a device used as swap is refused', async (t) => {
  const file = join(folderFor(t), 'disk');
  writeFileSync(file, Buffer.alloc(16 * MIB));
  const device = loopDevice(t, file);
  if (device === undefined || !tool(t, 'mkswap', device) || !tool(t, 'swapon', device)) return;
  try {
    await complains(t, toDevice(device), busy);
  } finally {
    tool(t, 'swapoff', device);
  }
});

test.serial('a device held by another one is refused', async (t) => {
  const folder = folderFor(t);
  const [file, journal] = [join(folder, 'disk'), join(folder, 'journal')];
  for (const path of [file, journal]) {
    writeFileSync(path, '');
    truncateSync(path, 32 * MIB);
  }
  const device = loopDevice(t, file);
  const held = loopDevice(t, journal);
  if (device === undefined || held === undefined) return;
  // The journal of a mounted file system: no table of mounts names it.
  if (!tool(t, 'mke2fs', '-q', '-b', '4096', '-O', 'journal_dev', held)) return;
  if (!tool(t, 'mkfs.ext4', '-q', '-b', '4096', '-J', `device=${held}`, device)) return;
  if (mountDevice(t, device) === undefined) return;
  await complains(t, toDevice(held), busy);
});

test.serial('a device that is mounted read-only is refused as well', async (t) => {
  const file = join(folderFor(t), 'disk');
  writeFileSync(file, '');
  truncateSync(file, 16 * MIB);
  const device = loopDevice(t, file);
  if (device === undefined || !tool(t, 'mkfs.ext4', '-q', device)) return;
  if (mountDevice(t, device, '-o', 'ro') === undefined) return;
  await complains(t, toDevice(device), busy);
});
