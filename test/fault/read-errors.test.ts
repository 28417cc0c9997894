/** Disks that cannot be read everywhere: a capture either says where and publishes nothing, or goes on and remembers. */
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { EXIT } from '../../cli/exit-codes.js';
import type { CaptureResult, Image } from '../../src/index.js';
import { doppel, finished, startDoppel } from '../cli/run-doppel.js';
import { folderFor, inventedDevice, loopDevice } from '../support/machine.js';
import { seededBytes } from '../support/seeded-disk.js';
import { complains, hasNoTrace } from './sample.js';

const MIB = 1024 ** 2;

async function newStore(t: ExecutionContext): Promise<string> {
  const store = join(folderFor(t), 'store');
  t.is((await doppel(['init', store])).code, 0);
  return store;
}

async function publishedNothing(t: ExecutionContext, store: string): Promise<void> {
  const { stdout } = await doppel(['--store', store, 'ls', '--json']);
  t.deepEqual(JSON.parse(stdout), []);
  t.deepEqual(readdirSync(join(store, 'tmp')), []);
  t.deepEqual(readdirSync(join(store, 'leases')), []);
}

const unreadable = (device: string) => ({
  exitCode: EXIT.source,
  code: 'source-unreadable',
  message: new RegExp(`^Cannot read ${device} at byte \\d+: .*nothing was published .*--on-read-error zero`),
});

/** Captures past errors. What is not listed as bad must be right. @returns the bad bytes */
async function capturesTheRest(
  t: ExecutionContext,
  store: string,
  device: string,
  bytes: Buffer,
): Promise<number> {
  const run = await doppel([
    '--store',
    store,
    'capture',
    device,
    'disk',
    '--on-read-error',
    'zero',
    '--json',
  ]);
  t.is(run.code, EXIT.readErrors, run.stderr);
  hasNoTrace(t, run);
  t.regex(run.stderr, /^Warning: \d+ bytes of .* could not be read and are zeros in the image$/m);
  const { badRanges, image } = JSON.parse(run.stdout) as CaptureResult;
  t.true(badRanges.length > 0);
  const expected = Buffer.from(bytes);
  let end = -1;
  for (const { offset, length } of badRanges) {
    t.true(offset > end && length > 0 && offset % 512 === 0, 'ranges ascend and do not touch');
    end = offset + length;
    expected.fill(0, offset, end);
  }
  t.is(
    image!.badBytes,
    badRanges.reduce((sum, { length }) => sum + length, 0),
  );
  const target = join(folderFor(t), 'target.img');
  t.is((await doppel(['--store', store, 'restore', 'disk', target])).code, EXIT.done);
  t.true(readFileSync(target).equals(expected), 'the other bytes are right');
  t.is(
    (await doppel(['--store', store, 'verify', '--all'])).code,
    badRanges.length > 0 ? EXIT.hints : EXIT.done,
  );
  const shown = await doppel(['--store', store, 'show', 'disk', '--json']);
  t.is((JSON.parse(shown.stdout) as Image).badBytes, image!.badBytes);
  return image!.badBytes;
}

test.serial('a loop device whose backing file was cut', async (t) => {
  const file = join(folderFor(t), 'disk');
  const bytes = seededBytes('cut', 8 * MIB);
  writeFileSync(file, bytes);
  const device = loopDevice(t, file);
  if (device === undefined) return;
  truncateSync(file, 5 * MIB);
  const store = await newStore(t);
  await complains(t, ['--store', store, 'capture', device, 'disk'], unreadable(device));
  await publishedNothing(t, store);
  t.is(await capturesTheRest(t, store, device, bytes), 3 * MIB);
});

test.serial('one bad spot: nothing around it is lost', async (t) => {
  const file = join(folderFor(t), 'disk');
  const bytes = seededBytes('spot', 8 * MIB);
  writeFileSync(file, bytes);
  const [from, to] = [3 * MIB + 40_960, 3 * MIB + 53_248];
  const read = `if [ $4 -lt ${to} ] && [ $(($4 + $3)) -gt ${from} ]; then echo EIO bad spot >&2; exit 1; fi; `;
  const device = await inventedDevice(
    t,
    'eval',
    'get_size=echo 8M',
    `pread=${read}dd if=${file} iflag=skip_bytes,count_bytes skip=$4 count=$3 status=none`,
  );
  if (device === undefined) return;
  const store = await newStore(t);
  await complains(t, ['--store', store, 'capture', device, 'disk'], unreadable(device));
  await publishedNothing(t, store);
  t.is(await capturesTheRest(t, store, device, bytes), to - from);
});

test.serial('bad blocks here and there', async (t) => {
  const file = join(folderFor(t), 'disk');
  const bytes = seededBytes('here and there', 8 * MIB);
  writeFileSync(file, bytes);
  // Every 37th block of 4 KiB: a read fails that touches one.
  const blocks = 'first=$(($4 / 4096)); last=$((($4 + $3 - 1) / 4096)); bad=$((first + (36 - first % 37))); ';
  const read = `${blocks}if [ $bad -le $last ]; then echo EIO bad block >&2; exit 1; fi; `;
  const device = await inventedDevice(
    t,
    'eval',
    'get_size=echo 8M',
    `pread=${read}dd if=${file} iflag=skip_bytes,count_bytes skip=$4 count=$3 status=none`,
  );
  if (device === undefined) return;
  const store = await newStore(t);
  await complains(t, ['--store', store, 'capture', device, 'disk'], unreadable(device));
  await publishedNothing(t, store);
  t.is(await capturesTheRest(t, store, device, bytes), Math.floor((8 * MIB) / 4096 / 37) * 4096);
});

test.serial('a device that fails altogether, while it is read', async (t) => {
  const folder = folderFor(t);
  const [file, trigger] = [join(folder, 'disk'), join(folder, 'fails-when-this-exists')];
  writeFileSync(file, seededBytes('fails', 8 * MIB));
  const device = await inventedDevice(
    t,
    '--filter=error',
    'file',
    file,
    'error-pread=EIO',
    'error-pread-rate=100%',
    `error-pread-file=${trigger}`,
  );
  if (device === undefined) return;
  const store = await newStore(t);
  writeFileSync(trigger, '');
  await complains(t, ['--store', store, 'digest', device], unreadable(device));
  await complains(t, ['--store', store, 'capture', device, 'disk'], unreadable(device));
  await publishedNothing(t, store);
});

test.serial('a file that shrinks while it is captured', async (t) => {
  const folder = folderFor(t);
  const file = join(folder, 'disk');
  const store = await newStore(t);
  for (const onReadError of ['fail', 'zero']) {
    writeFileSync(file, seededBytes('shrinks', 24 * MIB));
    const child = startDoppel([
      '--store',
      store,
      'capture',
      file,
      'disk',
      '--on-read-error',
      onReadError,
      '--json',
      '--threads',
      '1',
    ]);
    const run = finished(child);
    await leaseTaken(store);
    truncateSync(file, 9 * MIB + 100);
    const { code, stdout, stderr } = await run;
    if (code === EXIT.done) {
      // It was all read, or not yet opened: both are images of what was there.
      t.true([24 * MIB, 9 * MIB + 100].includes((JSON.parse(stdout) as CaptureResult).size), stderr);
      continue;
    }
    t.is(code, EXIT.source, stderr);
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
    t.is(error.code, 'source-shrank');
    t.regex(
      error.message,
      /disk ended at byte \d+, but was 25165824 bytes long .*it shrank; nothing was published/,
    );
  }
});

test.serial('a file that shrinks between a hook and the end of the read', async (t) => {
  const folder = folderFor(t);
  const file = join(folder, 'disk');
  const store = await newStore(t);
  writeFileSync(file, seededBytes('shrinks', 2 * MIB));
  const pipe = join(folder, 'after-ran');
  // The source shrinks before it is opened: that is simply a smaller disk.
  const words = [
    '--store',
    store,
    'capture',
    file,
    'disk',
    '--before',
    `truncate -s 1M '${file}'`,
    '--after',
    `touch '${pipe}'`,
  ];
  const run = await doppel([...words, '--json']);
  t.is(run.code, EXIT.done, run.stderr);
  t.is((JSON.parse(run.stdout) as CaptureResult).size, MIB);
  t.is(readFileSync(pipe, 'utf8'), '');
});

async function leaseTaken(store: string): Promise<void> {
  for (let tries = 0; tries < 6000; tries++) {
    if (readdirSync(join(store, 'leases')).length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('The capture never took a lease');
}
