/**
 * Stores of each released format, never edited: this version still opens them, gives the same bytes, and cuts the
 * same disks into the same recipes.
 */
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { storeFolders } from '../../store-format/index.js';
import { library, restoredBytes } from '../support/library-store.js';

const fixtures = new URL('../fixtures/', import.meta.url);

/** A copy to work in, with the empty folders that git does not keep. */
async function copyOf(t: ExecutionContext, name: string): Promise<string> {
  const location = await mkdtemp(join(tmpdir(), 'doppel-fixture-'));
  t.teardown(() => rm(location, { recursive: true, force: true }));
  await cp(new URL(name, fixtures), location, { recursive: true });
  for (const folder of ['tmp', ...storeFolders()]) await mkdir(join(location, folder), { recursive: true });
  return location;
}

test('every fixture has its test', async (t) => {
  t.deepEqual(await readdir(fixtures), ['store-0.1', 'store-0.1-keys']);
});

test('store-0.1', async (t) => {
  const store = await library.openStore(await copyOf(t, 'store-0.1'), {
    onWarning: (w) => t.fail(w.message),
  });
  t.teardown(() => store.close());
  t.is(store.info.format, '0.1');

  const images = await store.images();
  const facts = images.map(({ name, sequence, tags, labels, size, protected: kept }) => [
    name,
    sequence,
    tags,
    labels,
    size,
    kept,
  ]);
  t.deepEqual(facts, [
    ['web', 1, ['first', 'golden'], { site: 'lab' }, 3_146_728, true],
    ['web', 2, [], { role: 'test' }, 3_146_728, false],
  ]);
  t.deepEqual(
    (await store.images({ removed: true })).map(({ name }) => name),
    ['db'],
  );
  const first = images[0]!;
  t.is(first.description, 'The first version');
  t.is(first.digest, '6beace16e6e31c21c40c161ff6cad0585df57d666d96a1cef4a72f4bc48e8660');
  t.is(first.sha256, '30b609eb4177b17f55ea8f96abc3589cd7c93ae1f329fca4a3e0669b78eba636');
  t.deepEqual((await store.verify()).problems, []);

  const bytes = await restoredBytes(store, 'web:golden');
  t.is(createHash('sha256').update(bytes).digest('hex'), first.sha256!);
  const second = createHash('sha256').update(await restoredBytes(store, 'web'));
  t.is(second.digest('hex'), '9a1d5f1ae8c20f9ce97997cc169a1cefc955d872bfd7849786c7ceceb17f04c1');

  async function* disk() {
    yield bytes;
  }
  const again = await store.capture(disk(), 'again');
  t.is(again.digest, first.digest);
  t.is(again.newChunks, 0, 'cut as it was cut then');
  t.is(again.storedBytes, 0, 'recipes and pages are the same too');
  t.is((await store.undelete('db')).name, 'db');
});

/** Of the key that may only write. */
const NIGHTLY =
  'doppel1q96n6al3uqqmfhq2cur7qf65w7n26w6areva7glkh9d5vuhj28zw5jtk7elszntldlnud85732cvurc6w3wa89uyltsapzuphf5ztaarznfklf5gtmqhtswyp652mvnw0lqqqunwmhn9yl3kqcan52r6ykuq408jcj';

test('store-0.1-keys: sealed with keys of two generations', async (t) => {
  const location = await copyOf(t, 'store-0.1-keys');
  const cacheFolder = await mkdtemp(join(tmpdir(), 'doppel-fixture-'));
  t.teardown(() => rm(cacheFolder, { recursive: true, force: true }));
  const store = await library.openStore(location, {
    cacheFolder,
    unlock: async () => ({ kind: 'passphrase', passphrase: 'A fixture keeps no secret' }),
    onWarning: (w) => t.fail(w.message),
  });
  t.teardown(() => store.close());
  const keys = store.keys!.list().map(({ label, kind, access, names }) => [label, kind, access, names]);
  t.deepEqual(keys, [
    ['', 'passphrase', 'full', undefined],
    ['nightly', 'file', 'write', ['nightly-*']],
  ]);
  const images = await store.images();
  const facts = images.map(({ name, sequence, tags, labels, size, protected: kept }) => [
    name,
    sequence,
    tags,
    labels,
    size,
    kept,
  ]);
  t.deepEqual(facts, [
    ['nightly-vault', 2, [], {}, 1_388_497, false],
    ['vault', 1, ['first', 'golden'], { site: 'lab' }, 1_388_497, true],
    ['vault', 2, [], { role: 'test' }, 1_388_497, false],
  ]);
  t.deepEqual((await store.policy('vault')).policy, { last: 3 });
  t.is(images[1]!.digest, 'dc0c550e70b7c353cf01f367093e5dc03593b9051faadae08c6cb2b7725b9095');
  t.is(images[0]!.digest, images[1]!.digest);
  t.is(images[1]!.layout.fileSystem?.label, 'secrets');
  t.deepEqual((await store.verify()).problems, []);
  const bytes = await restoredBytes(store, 'vault:golden');
  t.is(createHash('sha256').update(bytes).digest('hex'), images[1]!.sha256!);

  async function* disk() {
    yield bytes;
  }
  const again = await store.capture(disk(), 'again');
  t.is(again.digest, images[1]!.digest);
  t.deepEqual([again.newChunks, again.storedBytes], [0, 0], 'cut, hashed and sealed as then');
});

test('store-0.1-keys: the key that may only write, and a wrong passphrase', async (t) => {
  const location = await copyOf(t, 'store-0.1-keys');
  const key = { kind: 'key', text: NIGHTLY } as const;
  const store = await library.openStore(location, { cacheFolder: location, unlock: async () => key });
  t.teardown(() => store.close());
  t.is(store.keys!.access, 'write');
  await t.throwsAsync(store.restore('vault', join(location, 'tmp/image')));
  const wrong = { kind: 'passphrase', passphrase: 'wrong' } as const;
  await t.throwsAsync(library.openStore(location, { unlock: async () => wrong }), { code: 'key-wrong' });
});
