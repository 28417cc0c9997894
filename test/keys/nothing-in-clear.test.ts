/**
 * Long marks stand in everything that somebody may say of an image or of a store, and in the bytes of the disks. Where the
 * store has keys, none is found: not in its files, nor in their names, nor in what doppel keeps for the user elsewhere.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Store } from '../../src/index.js';
import { inPieces, library } from '../support/library-store.js';
import { folderFor } from '../support/machine.js';
import { seededBytes } from '../support/seeded-disk.js';

const { initStore, openStore } = library;
const MIB = 2 ** 20;
const PASSPHRASE = 'marked-passphrase-3f1c';

/** Each is said in one place. Those of the disk's bytes do not compress, so a store without keys shows them. */
const MARKS = {
  name: 'marked-name-a81e55d3',
  other: 'marked-other-name-6b20c9f4',
  tag: 'marked-tag-77d1e0b2',
  label: 'marked-label-4c9a3358',
  value: 'marked-value-e5f60718',
  pattern: 'marked-pattern-0d9b4a21',
  command: 'marked-command-9a8b7c6d',
  slot: 'marked-slot-1f2e3d4c',
  machine: 'marked-machine-5b6a7988',
  fileSystem: 'MARKEDVOLUME', // what ext4 has room for
} as const;
type Mark = keyof typeof MARKS | 'content' | 'passphrase' | 'key file';

interface Scene {
  readonly folder: string;
  readonly location: string;
  readonly needles: ReadonlyMap<Mark, Buffer>;
}

/** A disk of noise with a file system's head that has a label, and marks all over. */
function markedDisk(seed: string, content: Buffer): Buffer {
  const disk = seededBytes(seed, 3 * MIB);
  for (let at = 8192; at < disk.length - content.length; at += 48_611) content.copy(disk, at);
  disk.fill(0, 1024, 2048); // an ext4 superblock, as far as it is looked at
  disk.writeUInt32LE(3 * 256, 1024 + 4);
  disk.writeUInt32LE(2, 1024 + 24);
  disk.writeUInt16LE(0xef53, 1024 + 56);
  disk.writeUInt32LE(0x40, 1024 + 96);
  disk.write(MARKS.fileSystem, 1024 + 120, 'latin1');
  return disk;
}

async function useAll(t: ExecutionContext, isKeyed: boolean): Promise<Scene> {
  const folder = folderFor(t);
  const location = join(folder, 'store');
  const [stateFolder, cacheFolder] = [join(folder, 'state'), join(folder, 'cache')];
  const content = randomBytes(64);
  const key = { text: '', machine: '' };
  const onKey = async (text: string) => {
    key.text = text;
  };
  await initStore(location, { stateFolder, ...(isKeyed && { encrypt: { onKey, passphrase: PASSPHRASE } }) });
  const open = async (text: string): Promise<Store> => {
    const unlock = async () => ({ kind: 'key', text }) as const;
    const store = await openStore(location, {
      stateFolder,
      cacheFolder,
      parallelism: 1,
      command: MARKS.command,
      unlock,
    });
    t.teardown(() => store.close());
    return store;
  };
  let store = await open(key.text);
  const labels = { [MARKS.label]: MARKS.value };
  await store.capture(inPieces(markedDisk('first', content)), MARKS.name, { labels, tag: MARKS.tag });
  await store.capture(inPieces(markedDisk('second', content)), MARKS.other, {});
  const { image } = await store.capture(inPieces(markedDisk('third', content)), MARKS.name, {});
  t.is(image!.layout.fileSystem?.label, MARKS.fileSystem);
  await store.setPolicy(`${MARKS.pattern}*`, { last: 3 });
  await store.protect(MARKS.name);
  await store.keys?.add({ label: MARKS.slot, onKey: async () => {} });
  await store.keys?.add({
    label: MARKS.machine,
    writeOnly: { names: [MARKS.name] },
    onKey: async (text) => {
      key.machine = text;
    },
  });
  if (isKeyed) {
    await (await open(key.machine)).capture(inPieces(markedDisk('fourth', content)), MARKS.name, {});
    await (await open(key.machine)).capture(inPieces(markedDisk('fifth', content)), MARKS.name, {});
  }
  store = await open(key.text); // knows the machine
  await store.gc({ graceMs: 0 });
  await store.remove(MARKS.other);
  await store.scrub();
  const reader = await store.openImage(MARKS.name); // its lease, and that of a capture that ended early, are looked at, too
  t.teardown(() => reader.close());
  const stopped = new AbortController();
  const dying = store.capture(inPieces(markedDisk('sixth', content)), MARKS.other, {
    signal: stopped.signal,
    onProgress: () => stopped.abort(),
  });
  await t.throwsAsync(dying, { any: true });
  const said = Object.entries(MARKS).map(([mark, text]) => [mark as Mark, Buffer.from(text)] as const);
  const secrets = isKeyed
    ? ([
        ['passphrase', Buffer.from(PASSPHRASE)],
        ['key file', Buffer.from(key.text)],
      ] as const)
    : [];
  return { folder, location, needles: new Map<Mark, Buffer>([...said, ['content', content], ...secrets]) };
}

/** What is found as it stands, as UTF-16, in hex, or in base64, in a file or in its name. */
function marksBelow(folder: string, needles: ReadonlyMap<Mark, Buffer>): ReadonlySet<Mark> {
  const found = new Set<Mark>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    const bytes = statSync(path).isFile() ? readFileSync(path) : Buffer.alloc(0);
    const texts = [Buffer.from(name), bytes];
    for (const [mark, needle] of needles)
      if (formsOf(needle).some((form) => texts.some((text) => text.includes(form)))) found.add(mark);
  }
  return found;
}

function formsOf(needle: Buffer): readonly Buffer[] {
  const base64 = [0, 1, 2].map((skip) => Buffer.from(needle.subarray(skip).toString('base64').slice(0, 12)));
  return [
    needle,
    Buffer.from(needle.toString('latin1'), 'utf16le'),
    Buffer.from(needle.toString('hex')),
    ...base64,
  ];
}

test('a store with keys holds no mark in clear, nor do the folders of the user', async (t) => {
  const { folder, needles } = await useAll(t, true);
  t.deepEqual([...marksBelow(folder, needles)], []);
});

test('a store without keys holds them: they would be found', async (t) => {
  const { location, needles } = await useAll(t, false);
  const found = marksBelow(location, needles);
  const inKeysAlone: readonly Mark[] = ['slot', 'machine', 'passphrase', 'key file'];
  for (const mark of needles.keys()) if (!inKeysAlone.includes(mark)) t.true(found.has(mark), mark);
});
