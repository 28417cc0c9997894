/** Where images go: files, devices with earlier content, streams; and targets that lie. */
import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import test from 'ava';
import { inPieces, library, newLibraryStore, restoredBytes } from '../support/library-store.js';
import { folderFor, inventedDevice, loopDevice } from '../support/machine.js';
import { seededBytes, seededDisk } from '../support/seeded-disk.js';

const MIB = 1024 ** 2;

test.serial(
  'a device with earlier content holds the image afterwards, and what lies behind it stays',
  async (t) => {
    const { store } = await newLibraryStore(t);
    for (const size of [8 * MIB, 8 * MIB - 512, 5 * MIB + 3 * 4096]) {
      const bytes = seededDisk(`device ${size}`, size);
      await store.capture(inPieces(bytes), 'web');
      const file = join(folderFor(t), 'disk');
      const old = seededBytes('earlier', 9 * MIB);
      writeFileSync(file, old);
      const device = loopDevice(t, file);
      if (device === undefined) return;
      const result = await store.restore('web', device, { overwrite: true, verify: true });
      t.true(result.verified);
      const found = readFileSync(device);
      t.true(found.subarray(0, size).equals(bytes), `${size} bytes`);
      t.true(found.subarray(size).equals(old.subarray(size)));
    }
  },
);

test.serial('an image whose size is no whole number of sectors goes to a device, too', async (t) => {
  const { store } = await newLibraryStore(t);
  for (const size of [1, 4095, MIB + 1]) {
    const bytes = Buffer.concat([seededBytes(`odd ${size}`, size >> 1), Buffer.alloc(size - (size >> 1))]);
    await store.capture(inPieces(bytes), 'odd');
    const file = join(folderFor(t), 'disk');
    const old = seededBytes('earlier', 2 * MIB);
    writeFileSync(file, old);
    const device = loopDevice(t, file);
    if (device === undefined) return;
    await store.restore('odd', device, { overwrite: true, verify: true });
    const found = readFileSync(device);
    t.true(found.subarray(0, size).equals(bytes), `${size} bytes`);
    t.true(found.subarray(size).equals(old.subarray(size)));
  }
});

test.serial(
  'a file: sparse, with the digest of the image, the mode of the old one, and links kept',
  async (t) => {
    const { store } = await newLibraryStore(t);
    const folder = folderFor(t);
    const bytes = Buffer.alloc(48 * MIB);
    seededBytes('island', MIB).copy(bytes, 20 * MIB);
    const { digest: expected } = await store.capture(inPieces(bytes), 'web');
    const [target, name] = [join(folder, 'target'), join(folder, 'link')];
    writeFileSync(target, 'old');
    chmodSync(target, 0o640);
    symlinkSync('target', name);
    await t.throwsAsync(store.restore('web', name), { code: 'target-exists' });
    const result = await store.restore('web', name, { overwrite: true, verify: true });
    t.true(result.verified);
    t.is(result.writtenBytes, MIB);
    t.true(lstatSync(name).isSymbolicLink());
    t.is(statSync(target).mode & 0o777, 0o640);
    t.true(512 * statSync(target).blocks <= 2 * MIB);
    t.true(readFileSync(target).equals(bytes));
    t.is((await library.digest(target)).digest, expected);
    t.deepEqual(readdirSync(folder).sort(), ['link', 'target']);
  },
);

test.serial('a dry run checks the target and writes nothing', async (t) => {
  const { store } = await newLibraryStore(t);
  const folder = folderFor(t);
  await store.capture(inPieces(seededDisk('dry', 2 * MIB)), 'web');
  const result = await store.restore('web', join(folder, 'target'), { dryRun: true });
  t.is(result.writtenBytes, 0);
  t.deepEqual(readdirSync(folder), []);
  await t.throwsAsync(store.restore('web', join(folder, 'none', 'target'), { dryRun: true }), {
    code: 'target-unwritable',
  });
});

test.serial('a stream that fails is an error, not a crash', async (t) => {
  const { store } = await newLibraryStore(t);
  await store.capture(inPieces(seededDisk('stream', 12 * MIB)), 'web');
  let taken = 0;
  const stream = new Writable({
    write(part: Buffer, _encoding, done) {
      taken += part.length;
      done(taken > 5 * MIB ? new Error('the pipe burst') : null);
    },
  });
  await t.throwsAsync(store.restore('web', stream), { code: 'target-unwritable', message: /the pipe burst/ });
  t.true((await restoredBytes(store, 'web')).equals(seededDisk('stream', 12 * MIB)));
});

test.serial('a restore that is stopped throws the reason and leaves nothing', async (t) => {
  const { store, location } = await newLibraryStore(t);
  const folder = folderFor(t);
  await store.capture(inPieces(seededDisk('stop', 16 * MIB)), 'web');
  const reason = new Error('enough');
  const stopped = await t.throwsAsync(
    store.restore('web', join(folder, 'target'), { signal: AbortSignal.abort(reason) }),
  );
  t.is(stopped, reason);
  t.deepEqual(readdirSync(folder), []);
  t.deepEqual(readdirSync(join(location, 'leases')), []);
});

test.serial('--verify finds a disk that loses what is written to it', async (t) => {
  const device = await inventedDevice(t, 'null', 'size=8M'); // takes everything, reads as zeros
  if (device === undefined) return;
  const { store } = await newLibraryStore(t);
  await store.capture(inPieces(seededDisk('lost', 6 * MIB)), 'web');
  const error = await t.throwsAsync(store.restore('web', device, { overwrite: true, verify: true }), {
    code: 'target-mismatch',
  });
  t.true(error?.message.startsWith(`${device} failed the check at byte `), error?.message);
});

test.serial('a disk that fails when it is written', async (t) => {
  const file = join(folderFor(t), 'disk');
  writeFileSync(file, Buffer.alloc(8 * MIB));
  const device = await inventedDevice(
    t,
    '--filter=error',
    'file',
    file,
    'error-pwrite=EIO',
    'error-pwrite-rate=100%',
  );
  if (device === undefined) return;
  const { store } = await newLibraryStore(t);
  await store.capture(inPieces(seededDisk('fails', 6 * MIB)), 'web');
  const error = await t.throwsAsync(store.restore('web', device, { overwrite: true }), {
    code: 'target-unwritable',
  });
  t.true(error?.message.includes(device), error?.message);
});
