/** Seeds: local files that spare the store, and that can never spoil what is restored. */
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import { SeedIndex } from '../../src/contents/seed-index.js';
import type { Progress, Store, Warning } from '../../src/index.js';
import { PackKind } from '../../store-format/index.js';
import { temporaryFolder } from '../cli/run-doppel.js';
import { fileWith } from '../support/disk-targets.js';
import { inPieces, library, newLibraryStore, openLibraryStore } from '../support/library-store.js';
import { folderFor, loopDevice } from '../support/machine.js';
import { seededBytes, seededDisk } from '../support/seeded-disk.js';
import { flipByte, type PackFile, packFiles, partsOf } from '../support/store-files.js';

const MIB = 1024 ** 2;
const image = seededDisk('seeds', 14 * MIB + 999);

let store: Store;
let usedBytes = 0;
const warnings: Warning[] = [];

test.before(async () => {
  const location = join(await temporaryFolder(), 'store');
  await library.initStore(location);
  store = await library.openStore(location, {
    parallelism: 2,
    onWarning: (warning) => warnings.push(warning),
  });
  usedBytes = (await store.capture(inPieces(image), 'web')).image!.usedBytes;
});

test.after.always(() => store?.close());

/** A store of this image whose data packs were tampered with; opened anew, since threads remember frames. */
async function damagedStore(t: ExecutionContext, damage: (pack: PackFile) => void) {
  const { store, location } = await newLibraryStore(t);
  await store.capture(inPieces(image), 'web');
  await store.close();
  for (const pack of packFiles(location)) if (pack.footer.kind === PackKind.data) damage(pack);
  return openLibraryStore(t, location);
}

/** Does something to a seed when it was scanned, and before anything is taken from it. */
function onceScanned(act: () => void): { onProgress: (progress: Progress) => void } {
  let done = false;
  return {
    onProgress: ({ phase, doneBytes, totalBytes }) => {
      if (done || phase !== 'seed' || doneBytes !== totalBytes) return;
      done = true;
      act();
    },
  };
}

async function streamed(from: Store, seeds: readonly string[]) {
  const parts: Buffer[] = [];
  const stream = new Writable({
    write(part: Buffer, _encoding, done) {
      parts.push(Buffer.from(part));
      done();
    },
  });
  const result = await from.restore('web', stream, { seeds });
  return { bytes: Buffer.concat(parts), result };
}

test.serial(
  'a seed with all the content makes the packs unneeded: for a file, a stream, in place',
  async (t) => {
    const { store: empty } = await damagedStore(t, ({ path }) => rmSync(path));
    const [seed, target] = [fileWith(t, image), join(folderFor(t), 'target')];
    const dryRun = await empty.restore('web', target, { seeds: [seed], dryRun: true });
    t.is(dryRun.seedBytes, usedBytes);
    const toFile = await empty.restore('web', target, { seeds: [seed], verify: true });
    t.is(toFile.seedBytes, usedBytes);
    t.true(readFileSync(target).equals(image));
    const { bytes, result } = await streamed(empty, [seed]);
    t.is(result.seedBytes, usedBytes);
    t.true(bytes.equals(image));
    writeFileSync(target, seededBytes('old', 20 * MIB));
    const inPlace = await empty.restore('web', target, { seeds: [seed], inPlace: true });
    t.is(inPlace.seedBytes, usedBytes);
    t.true(readFileSync(target).equals(image));
    await t.throwsAsync(empty.restore('web', target, { overwrite: true }), { code: 'chunk-missing' });
  },
);

test.serial(
  'two seeds with half of it each, at other places; without seeds nothing comes from any',
  async (t) => {
    const target = join(folderFor(t), 'target');
    t.is((await store.restore('web', target)).seedBytes, 0);
    const halves = [
      Buffer.concat([Buffer.alloc(3 * MIB + 4096), image.subarray(0, 7 * MIB)]),
      Buffer.concat([seededBytes('before', 512), image.subarray(7 * MIB)]),
    ];
    const seeds = halves.map((half) => fileWith(t, half));
    const { seedBytes } = await store.restore('web', target, { seeds, overwrite: true });
    t.true(readFileSync(target).equals(image));
    t.true(seedBytes > 0.6 * usedBytes && seedBytes < usedBytes, `${seedBytes} of ${usedBytes}`);
  },
);

test.serial('a seed that is a device', async (t) => {
  const device = loopDevice(t, fileWith(t, Buffer.concat([image, Buffer.alloc(4096 - (999 % 4096))])));
  if (device === undefined) return;
  const target = join(folderFor(t), 'target');
  const { seedBytes } = await store.restore('web', target, { seeds: [device] });
  t.true(seedBytes > 0.99 * usedBytes);
  t.true(readFileSync(target).equals(image));
});

test.serial('a device restored from itself', async (t) => {
  const moved = Buffer.concat([seededBytes('boot', MIB), image, Buffer.alloc(MIB)]);
  const device = loopDevice(t, fileWith(t, moved.subarray(0, 15 * MIB + 512 * 1024)));
  if (device === undefined) return;
  await store.restore('web', device, { seeds: [device], overwrite: true, verify: true });
  t.true(readFileSync(device).subarray(0, image.length).equals(image));
});

for (const [title, spoil] of [
  ['rewritten', (path: string) => writeFileSync(path, seededBytes('other', image.length))],
  ['cut', (path: string) => truncateSync(path, 5 * MIB + 77)],
  ['emptied', (path: string) => truncateSync(path, 0)],
  ['taken away', (path: string) => rmSync(path)],
  [
    'changed here and there',
    (path: string) => {
      const file = openSync(path, 'r+');
      for (let at = 1000; at < image.length; at += 300_000) writeSync(file, Buffer.from('spoilt'), 0, 6, at);
      closeSync(file);
    },
  ],
  [
    'a folder now',
    (path: string) => {
      rmSync(path);
      mkdirSync(path);
    },
  ],
] as const) {
  test.serial(`a seed that is ${title} once it was scanned does no harm`, async (t) => {
    const [seed, target] = [fileWith(t, image), join(folderFor(t), 'target')];
    for (const inPlace of [false, true]) {
      writeFileSync(target, seededBytes('old', 9 * MIB));
      rmSync(seed, { recursive: true, force: true });
      writeFileSync(seed, image);
      const { seedBytes } = await store.restore('web', target, {
        seeds: [seed],
        ...(inPlace ? { inPlace } : { overwrite: true }),
        ...onceScanned(() => spoil(seed)),
      });
      t.true(readFileSync(target).equals(image));
      t.true(seedBytes < usedBytes, `${seedBytes} of ${usedBytes}`);
    }
  });
}

test.serial('a seed that shrinks while it is scanned is used as far as it goes', async (t) => {
  const seed = fileWith(t, Buffer.concat([image, seededBytes('long', 48 * MIB)]));
  const target = join(folderFor(t), 'target');
  const before = warnings.length;
  let cut = false;
  const { seedBytes } = await store.restore('web', target, {
    seeds: [seed],
    onProgress: ({ phase }) => {
      if (cut || phase !== 'seed') return;
      cut = true;
      const file = openSync(seed, 'r+');
      ftruncateSync(file, 9 * MIB);
      closeSync(file);
    },
  });
  t.true(readFileSync(target).equals(image));
  t.true(seedBytes > 0 && seedBytes < usedBytes);
  const [warning] = warnings.slice(before);
  t.is(warning?.code, 'seed-incomplete');
  t.true(warning?.message.startsWith(`Seed ${seed} cannot be read past byte `), warning?.message);
});

test.serial('the target as its own seed: what moved is taken from where it still stands', async (t) => {
  const noise = seededBytes('moves', 20 * MIB);
  await store.capture(inPieces(noise), 'moves');
  const news = seededBytes('news', 3 * MIB);
  for (const old of [noise.subarray(3 * MIB), Buffer.concat([news, noise]), noise.subarray(512)]) {
    const path = fileWith(t, old);
    const result = await store.restore('moves', path, { inPlace: true, seeds: [path], verify: true });
    t.true(readFileSync(path).equals(noise));
    // How much is still there when its turn comes depends on the threads; the first that is read always is.
    t.true(result.seedBytes > 2 * MIB, `${result.seedBytes}`);
  }
});

test.serial('damage in the store is healed by a seed, and by nothing else', async (t) => {
  const { store: damaged } = await damagedStore(t, (pack) => flipByte(pack.path, partsOf(pack).frame));
  const [seed, target] = [fileWith(t, image), join(folderFor(t), 'target')];
  await t.throwsAsync(damaged.restore('web', target), { code: 'chunk-damaged' });
  const result = await damaged.restore('web', target, { seeds: [seed], verify: true });
  t.true(result.verified);
  t.true(readFileSync(target).equals(image));
});

test.serial('a seed that cannot be opened is an error, and the target is left alone', async (t) => {
  const target = fileWith(t, Buffer.from('old'));
  const folder = folderFor(t);
  for (const [seeds, code] of [
    [[join(folder, 'none')], 'source-missing'],
    [[fileWith(t, image), folder], 'source-unreadable'],
    [['/dev/null'], 'source-unreadable'],
  ] as const) {
    for (const options of [{ inPlace: true }, { overwrite: true }, { overwrite: true, dryRun: true }]) {
      const error = await t.throwsAsync(store.restore('web', target, { seeds, ...options }), { code });
      t.true(error?.message.includes(seeds.at(-1)!), error?.message);
    }
  }
  t.is(readFileSync(target, 'utf8'), 'old');
  await t.throwsAsync(store.restore('web', target, { seeds: ['/no-such-seed'] }), { code: 'target-exists' });
});

/** An id whose parts are numbers of our choice. */
function idOf(first: number, second: number, third = first): Buffer {
  const id = Buffer.alloc(32);
  for (const [i, part] of [first, second, third].entries()) id.writeUInt32LE(part, 4 * i);
  return id;
}

test('the index of seeds: what is wanted, far offsets, many files, and an end', (t) => {
  const index = new SeedIndex(2 ** 16);
  const files = Array.from({ length: 4095 }, (_, i) => index.addFile(`seed ${i}`));
  for (let i = 0; i < 40_000; i++) index.wanted.add(idOf(i, i >> 3), 0);
  let added = 0;
  for (let i = 0; i < 40_000; i++) {
    if (index.add(idOf(i, i >> 3), 0, files[i % 4095]!, i * 2 ** 36 + 5)) added++;
  }
  t.is(added, 40_000);
  for (let i = 0; i < 40_000; i += 301) {
    t.deepEqual(index.find(idOf(i, i >> 3), 0), { path: `seed ${i % 4095}`, offset: i * 2 ** 36 + 5 });
  }
  t.is(index.find(idOf(1, 7), 0), undefined);
  t.true(index.add(idOf(99_999, 0, 99_999), 0, 1, 0), 'not wanted, so there is no need for room');
  t.is(index.find(idOf(99_999, 0), 0), undefined);
  index.add(idOf(3, 0), 0, files[9]!, 1);
  t.is(index.find(idOf(3, 0), 0)?.path, 'seed 3', 'the first place stays');
  let kept = 40_000;
  for (let i = 100_000; i < 200_000; i++) {
    index.wanted.add(idOf(i, 0), 0);
    if (index.add(idOf(i, 0), 0, 1, i)) kept++;
  }
  t.is(kept, 0.75 * 2 ** 16, 'beyond that there is no room');
  t.is(index.find(idOf(100_000, 0), 0)?.offset, 100_000);
});
