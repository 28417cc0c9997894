/**
 * The script that reads images out of stores with keys and shares nothing with doppel but SPEC.md: on the store of a released
 * format, and on one that this version has just made.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { inPieces, library } from '../support/library-store.js';
import { folderFor } from '../support/machine.js';
import { editedDisk, seededDisk } from '../support/seeded-disk.js';

const HERE = new URL('./', import.meta.url);
const FIXTURE = fileURLToPath(new URL('../fixtures/store-0.1-keys', import.meta.url));
const PASSPHRASE = 'A fixture keeps no secret';
const SECOND = 'f1b4cda876ba35a8b9afb0061f04307d5974c44e7d9723ea75fe52f8cebcb3d1';
const FIRST = '1d0463c3e7120ed7df61c928e5529f39e0c2374976927f04dbe73bf37a3e23f6';

interface Given {
  readonly store: string;
  readonly reference: string;
  readonly passphrase?: string;
  readonly key?: string;
}

/** Runs the script as its first lines say. */
function read(t: ExecutionContext, { store, reference, passphrase = PASSPHRASE, key }: Given) {
  const folder = folderFor(t);
  const [secret, target] = [join(folder, 'secret'), join(folder, 'image')];
  writeFileSync(secret, `${key ?? passphrase}\n`);
  const option = key === undefined ? '--passphrase-file' : '--key-file';
  const script = fileURLToPath(new URL('read-image.mjs', HERE));
  const run = spawnSync(process.execPath, [script, store, reference, target, option, secret], {
    encoding: 'utf8',
  });
  return { ...run, image: () => readFileSync(target) };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('it imports nothing of the project', (t) => {
  const files = readdirSync(HERE).filter((file) => file.endsWith('.mjs'));
  t.true(files.length > 0);
  for (const file of files) {
    const text = readFileSync(new URL(file, HERE), 'utf8');
    const imports = [...text.matchAll(/(?:from|import\(?)\s*['"]([^'"]+)['"]/g)].map(([, from]) => from!);
    t.true(imports.length > 0);
    for (const from of imports)
      t.regex(from, /^(?:node:[a-z]+|@noble\/hashes\/.+|@scure\/base|msgpackr|zstd-napi|\.\/[a-z-]+\.mjs)$/);
  }
});

test('the images of the fixture, byte for byte', (t) => {
  for (const [reference, expected] of [
    ['vault', SECOND],
    ['vault:golden', FIRST],
    ['vault:first', FIRST],
    ['nightly-vault', FIRST], // of a machine whose key has ended since
  ] as const) {
    const { status, stderr, stdout, image } = read(t, { store: FIXTURE, reference });
    t.deepEqual([status, stderr], [0, ''], reference);
    t.regex(stdout, /^(?:nightly-)?vault [0-9a-f]{32}: 1388497 bytes, digest [0-9a-f]{64}\n$/);
    t.is(sha256(image()), expected, reference);
  }
});

test('a wrong passphrase is told, and nothing else', (t) => {
  const { status, stdout, stderr } = read(t, { store: FIXTURE, reference: 'vault', passphrase: 'wrong' });
  t.deepEqual([status, stdout, stderr], [1, '', 'Wrong passphrase: it opens no key slot of this store\n']);
});

test('an image that is not there, and a store without keys', (t) => {
  const missing = read(t, { store: FIXTURE, reference: 'vault:gone' });
  t.deepEqual([missing.status, missing.stderr], [1, 'The store has no image vault:gone\n']);
  const open = fileURLToPath(new URL('../fixtures/store-0.1', import.meta.url));
  const { status, stderr } = read(t, { store: open, reference: 'web' });
  t.is(status, 1);
  t.regex(stderr, /has no keys/);
});

test('a store that was just made: changed and removed images, tags, new keys', async (t) => {
  const location = join(folderFor(t), 'store');
  let key = '';
  const onKey = async (text: string) => {
    key = text;
  };
  await library.initStore(location, { encrypt: { onKey } });
  const unlock = async () => ({ kind: 'key', text: key }) as const;
  const open = () => library.openStore(location, { parallelism: 1, unlock, cacheFolder: folderFor(t) });
  let store = await open();
  const first = seededDisk('independent', 5_000_001);
  const second = editedDisk(first, 'later');
  const before = await store.capture(inPieces(first), 'disk', { tag: 'golden' });
  await store.keys!.rotate();
  await store.close();
  store = await open();
  await store.capture(inPieces(second), 'disk');
  await store.capture(inPieces(Buffer.alloc(3_000_000)), 'disk');
  await store.remove('disk');
  await store.tag('disk', 'edited');
  const other = await store.capture(inPieces(Buffer.alloc(0)), 'none');
  await store.close();

  const expected = [
    ['disk', second],
    ['disk:golden', first],
    ['disk:edited', second],
    ['none', Buffer.alloc(0)],
  ] as const;
  for (const [reference, bytes] of expected) {
    const { status, stderr, image } = read(t, { store: location, reference, key });
    t.deepEqual([status, stderr], [0, ''], reference);
    t.true(image().equals(bytes), reference);
  }
  t.is(before.size, first.length);
  t.is(other.size, 0);
});

test('a changed pack gives no other bytes', (t) => {
  const store = join(folderFor(t), 'store');
  cpSync(FIXTURE, store, { recursive: true });
  for (const shard of readdirSync(join(store, 'packs'))) {
    const [pack] = readdirSync(join(store, 'packs', shard));
    const path = join(store, 'packs', shard, pack!);
    const bytes = readFileSync(path);
    bytes[1000]! ^= 1;
    writeFileSync(path, bytes);
  }
  const { status, stderr } = read(t, { store, reference: 'vault' });
  t.is(status, 1);
  t.regex(stderr, /^Frame 0 of pack [0-9a-f]{12}… does not open: it was changed/);
});

test('a manifest that was copied to another name: no answer rather than an older image', (t) => {
  const store = join(folderFor(t), 'store');
  cpSync(FIXTURE, store, { recursive: true });
  const [one, two] = readdirSync(join(store, 'images'));
  const swapped = readFileSync(join(store, 'images', one!));
  writeFileSync(join(store, 'images', two!), swapped);
  const { status, stderr } = read(t, { store, reference: 'vault' });
  t.is(status, 1);
  t.regex(stderr, new RegExp(`^images/${two} does not open`));
});
