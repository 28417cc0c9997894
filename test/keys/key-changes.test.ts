/** Changes of keys beside others, and where something fails: nobody is locked out, and nothing that was stored is lost. */
import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { capture } from '../../src/capture/capture.js';
import { Vault } from '../../src/encryption/vault.js';
import { StoreError } from '../../src/errors.js';
import { decodeSlotSecret, type SlotSecret } from '../../src/keys/slot-secret.js';
import { OpenStoreKeys } from '../../src/keys/store-keys.js';
import type { ObjectStore } from '../../src/objects/object-store.js';
import { SealedStore } from '../../src/objects/sealed-store.js';
import { imageKey, type PubId } from '../../store-format/index.js';
import { type Fault, FaultyStore } from '../support/faulty-store.js';
import { addKeyFile, storeWithKeys } from '../support/keyed-store.js';
import { inPieces, restoredBytes } from '../support/library-store.js';
import { StoreInMemory } from '../support/memory-engine.js';
import { MemoryStore } from '../support/memory-store.js';
import { flipByte } from '../support/store-files.js';

const DISK = randomBytes(300_000);

const highestConfig = (location: string): string =>
  join(location, 'config', readdirSync(join(location, 'config')).sort().at(-1)!);

test('no older config is left that grants a removed slot something', async (t) => {
  const { location, key, open } = await storeWithKeys(t);
  const store = await open(key);
  const removed = await addKeyFile(store, 'removed');
  await store.keys!.remove('removed');
  t.is(readdirSync(join(location, 'config')).length, 2);
  rmSync(highestConfig(location));
  await t.throwsAsync(open(removed), { code: 'key-wrong' });
});

test('one bit of the newest config takes no keys with it, and a repair takes nothing that they seal', async (t) => {
  const { location, key, open } = await storeWithKeys(t);
  await (await open(key)).keys!.rotate();
  await (await open(key)).capture(inPieces(DISK), 'web');
  flipByte(highestConfig(location), 3000);
  const store = await open(key);
  t.deepEqual(await restoredBytes(store, 'web'), DISK);
  const { repair } = await store.scrub({ repair: true });
  t.like(repair, { givenUpImages: [], emptiedPacks: 0, lostEntries: 0 });
  t.is(repair!.replacedObjects.length, 1);
  const later = await open(key);
  t.deepEqual(await restoredBytes(later, 'web'), DISK);
  t.is((await later.keys!.rotate()).generation, 3);
});

for (const change of ['rotated', 'added for a machine'] as const)
  test(`a repair that began before keys were ${change} takes nothing for damage`, async (t) => {
    const { key, open } = await storeWithKeys(t);
    const repairing = await open(key);
    const owner = await open(key);
    let writer = key;
    if (change === 'rotated') await owner.keys!.rotate();
    else
      await owner.keys!.add({
        label: 'web',
        writeOnly: { names: ['web'] },
        onKey: async (text) => {
          writer = text;
        },
      });
    await (await open(writer)).capture(inPieces(DISK), 'web');
    await t.throwsAsync(repairing.scrub({ repair: true }), {
      code: 'conflict',
      message: /run the command again/,
    });
    await t.throwsAsync(repairing.scrub(), { code: 'conflict' });
    const after = await open(key);
    t.deepEqual((await after.scrub({ repair: true })).problems, []);
    t.deepEqual(await restoredBytes(after, 'web'), DISK);
  });

/** The keys of a store of which something fails. */
async function keysWith(
  store: StoreInMemory,
  wrap: (objects: ObjectStore) => ObjectStore,
): Promise<OpenStoreKeys> {
  return new OpenStoreKeys(await store.process({ wrap }), store.secret!);
}

const failing = (fault: Fault) => (objects: ObjectStore) => new FaultyStore(objects, fault);

test('where nothing can be deleted, a changed key opens the store and the old one does not', async (t) => {
  const store = await StoreInMemory.makeKeyed();
  const keys = await keysWith(store, failing({ kind: 'unreadable', verb: 'delete', at: 0, lasts: true }));
  let text = '';
  await keys.change({
    onKey: async (made) => {
      text = made;
    },
  });
  t.is(keys.text, text);
  t.deepEqual([...new Set(store.warnings.map(({ code }) => code))], ['key-leftovers']);
  await t.throwsAsync(store.process(), { code: 'key-wrong' });
});

test('a change whose answer was lost stands', async (t) => {
  const store = await StoreInMemory.makeKeyed();
  const keys = await keysWith(store, failing({ kind: 'lost-reply', verb: 'claim', at: 0, lasts: false }));
  t.is((await keys.rotate()).generation, 2);
  t.deepEqual(store.warnings, []);
});

test('a change of which nobody can tell whether it stands says so', async (t) => {
  const store = await StoreInMemory.makeKeyed();
  let isGone = false;
  const wrap = (objects: ObjectStore): ObjectStore =>
    new Proxy(objects, {
      get: (real, property) => {
        const value: unknown = Reflect.get(real, property);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          isGone ||= property === 'claim';
          if (isGone) throw new StoreError('io-failed', 'the server is gone');
          return Reflect.apply(value, real, args);
        };
      },
    });
  const keys = await keysWith(store, wrap);
  const error = await t.throwsAsync<StoreError>(keys.add({ label: 'new', onKey: async () => {} }), {
    code: 'io-failed',
    message: /"doppel key ls" tells/,
  });
  t.true(error?.details.uncertain);
});

test('what a change could not finish, gc does', async (t) => {
  const store = await StoreInMemory.makeKeyed();
  const first = store.place.keysIn('config');
  const keys = await keysWith(store, failing({ kind: 'full', verb: 'claim', at: 1, lasts: true }));
  await keys.rotate();
  t.deepEqual(
    store.warnings.map(({ code }) => code),
    ['key-leftovers'],
  );
  const atOnce = store.place.keysIn('config');
  t.is(atOnce.length, first.length + 1);
  await store.gc();
  const [left, after] = [store.place.keysIn('config'), atOnce.at(-1)!];
  t.is(left.length, 2);
  t.is(left[0], after);
});

test('a rotation by a clock that is behind hides nothing, and what the old key signs for the new generation is no image', async (t) => {
  const store = await StoreInMemory.makeKeyed();
  const before = await store.process();
  const { publication } = await store.capture(DISK, 'web');
  await new OpenStoreKeys(await store.process({ hoursLater: -100 }), store.secret!).rotate();
  const after = await store.process();
  t.is((await after.library.list()).length, 1);

  const key = imageKey(publication as PubId);
  const { bytes } = await after.objects.get(key);
  const { writerSeed } = before.objects.vault!.keyring;
  const stolen = new Vault({ ...after.objects.vault!.keyring, writerSeed }, randomBytes);
  store.place.objects.delete(key);
  await new SealedStore(new MemoryStore(store.place), stolen).claim(key, bytes);
  t.deepEqual(await (await store.process()).library.list(), []);
});

/** Does something else first, at the first claim below a folder. */
function beforeClaim(folder: string, act: () => Promise<void>): (objects: ObjectStore) => ObjectStore {
  let isDone = false;
  return (objects) =>
    new Proxy(objects, {
      get: (real, property) => {
        const value: unknown = Reflect.get(real, property);
        if (typeof value !== 'function') return value;
        if (property !== 'claim') return value.bind(real);
        return async (key: string, bytes: Uint8Array) => {
          if (key.startsWith(folder) && !isDone) {
            isDone = true;
            await act();
          }
          return real.claim(key, bytes);
        };
      },
    });
}

async function withMachine(): Promise<{ readonly store: StoreInMemory; readonly slot: SlotSecret }> {
  const store = await StoreInMemory.makeKeyed();
  let text = '';
  const onKey = async (made: string) => {
    text = made;
  };
  const keys = new OpenStoreKeys(await store.process(), store.secret!);
  await keys.add({ label: 'web', writeOnly: { names: ['web'] }, onKey });
  return { store, slot: decodeSlotSecret(text) };
}

const liveImages = async (store: StoreInMemory) => (await (await store.process()).library.list()).length;

test('what a machine publishes while its key is being ended counts', async (t) => {
  const { store, slot } = await withMachine();
  const publish = async () => void (await capture(await store.process({ slot }), inPieces(DISK), 'web', {}));
  const owner = await store.process({ wrap: beforeClaim('config/', publish) });
  await new OpenStoreKeys(owner, store.secret!).rotate();
  t.is(await liveImages(store), 1);
});

test('a machine whose key ends before its image appears is told', async (t) => {
  const { store, slot } = await withMachine();
  const end = async () => void (await new OpenStoreKeys(await store.process(), store.secret!).rotate());
  const machine = await store.process({ slot, wrap: beforeClaim('images/', end) });
  await t.throwsAsync(capture(machine, inPieces(DISK), 'web', {}), { code: 'conflict' });
  t.is(await liveImages(store), 0);
  t.is((await capture(await store.process({ slot }), inPieces(DISK), 'web', {})).image?.name, 'web');
  t.is(await liveImages(store), 1);
});
