/** A server that answers one question so and the next one otherwise: an older state that it shows for a moment is none to go by. */
import test, { type ExecutionContext } from 'ava';
import { changeConfig, readConfig } from '../../src/engine/config-records.js';
import { requireCurrentKeys } from '../../src/engine/current-keys.js';
import { systemEnvironment } from '../../src/environment.js';
import { ImageLibrary } from '../../src/images/image-library.js';
import type { Warning } from '../../src/interface.js';
import { encodeSlotSecret } from '../../src/keys/slot-secret.js';
import { ClientMemory } from '../../src/memory/client-memory.js';
import { openWithKeys } from '../../src/store/with-keys.js';
import { configKey, type Encryption, imageKey, type PubId } from '../../store-format/index.js';
import { WrappedStore } from '../simulation/wrapped-store.js';
import { folderFor } from '../support/machine.js';
import { StoreInMemory } from '../support/memory-engine.js';
import { MemoryStore } from '../support/memory-store.js';
import { seededDisk } from '../support/seeded-disk.js';

class Server extends WrappedStore {
  readonly unlisted = new Set<string>();
  readonly denied = new Set<string>();
  configListings = 0;
  /** Of which listings of `config/` the newest is left out. */
  hidesConfig: (listing: number) => boolean = () => false;

  override async list(folder: string): Promise<string[]> {
    const keys = (await super.list(folder)).filter((key) => !this.unlisted.has(key));
    return folder === 'config' && this.hidesConfig(++this.configListings) ? keys.slice(0, -1) : keys;
  }

  override async size(key: string): Promise<number | undefined> {
    return this.denied.has(key) ? undefined : super.size(key);
  }
}

async function scene(t: ExecutionContext) {
  const store = await StoreInMemory.makeKeyed();
  const stateFolder = folderFor(t);
  const server = new Server(new MemoryStore(store.place));
  const open = async () => {
    const memory = await ClientMemory.recall(stateFolder, server.location);
    const { config } = await readConfig(server);
    const found = { ...config, encryption: config.encryption as Encryption };
    const text = encodeSlotSecret(store.secret!);
    const unlock = async () => ({ kind: 'key', text }) as const;
    return openWithKeys(server, found, memory, { unlock }, systemEnvironment());
  };
  const library = async () => {
    const warnings: Warning[] = [];
    const { objects, images } = await open();
    const environment = systemEnvironment();
    return {
      library: new ImageLibrary(objects, environment, (warning) => warnings.push(warning), images),
      warnings,
    };
  };
  return { store, server, open, library };
}

async function withTwoImages(t: ExecutionContext) {
  const { library, store, ...rest } = await scene(t);
  await store.capture(seededDisk('older', 100_000), 'web');
  const newer = await store.capture(seededDisk('newer', 100_000), 'web');
  t.is((await (await library()).library.resolve('web')).publication, newer.publication);
  return { library, store, ...rest, newer, key: imageKey(newer.publication as PubId) };
}

test('an image that is left out of the listing alone is found by who has seen it', async (t) => {
  const { library, server, newer, key } = await withTwoImages(t);
  server.unlisted.add(key);
  for (let time = 0; time < 2; time++) {
    const seen = await library();
    t.is((await seen.library.resolve('web')).publication, newer.publication);
    t.deepEqual(seen.warnings, []);
  }
});

test('one that is denied once is not forgotten', async (t) => {
  const { library, server, newer, key } = await withTwoImages(t);
  server.unlisted.add(key);
  for (let time = 0; time < 2; time++) {
    server.denied.add(key);
    const { library: mine } = await library();
    await t.throwsAsync(mine.resolve('web'), { code: 'rolled-back' });
    await t.throwsAsync(mine.requireReadable(), { code: 'rolled-back' });
    server.denied.clear();
    t.is((await (await library()).library.resolve('web')).publication, newer.publication);
  }
});

test('one that is denied while images are listed, and not when it is asked for after, is missed', async (t) => {
  const { library, server, key } = await withTwoImages(t);
  server.unlisted.add(key);
  const { size } = server;
  let asked = 0;
  server.size = async (of) => (of === key && ++asked === 1 ? undefined : size.call(server, of));
  const { library: mine, warnings } = await library();
  await mine.load();
  t.deepEqual(
    warnings.map(({ code }) => code),
    ['rolled-back'],
  );
});

test('whichever listing hides the newest config: it is used, or found out', async (t) => {
  const { open, server, store } = await scene(t);
  await open();
  await changeConfig(await store.objects(), (config) => ({ ...config, settings: { level: 9 } }));
  server.configListings = 0;
  await open();
  const listings = server.configListings;
  t.true(listings >= 2);
  for (let shown = 0; shown <= listings; shown++) {
    server.configListings = 0;
    server.hidesConfig = (listing) => listing !== shown;
    const { config, damage } = await open();
    t.is(damage?.code, config.settings.level === 9 ? undefined : 'rolled-back', `shown at listing ${shown}`);
    server.configListings = 0;
    server.hidesConfig = (listing) => listing === shown;
    const other = await open();
    t.is(
      other.damage?.code,
      other.config.settings.level === 9 ? undefined : 'rolled-back',
      `hidden at ${shown}`,
    );
  }
});

test('a config that was in force stays seen while the store is open', async (t) => {
  const { open, server, store } = await scene(t);
  await changeConfig(await store.objects(), (config) => ({ ...config, settings: { level: 9 } }));
  const { objects } = await open();
  server.hidesConfig = () => true;
  t.is((await readConfig(objects)).config.settings.level, 9, 'asked for, it is there');
  server.denied.add(store.place.keysIn('config').at(-1)!);
  await t.throwsAsync(requireCurrentKeys(objects), { code: 'rolled-back' });
  await t.throwsAsync(
    changeConfig(objects, (config) => config),
    { code: 'rolled-back' },
  );
  server.denied.clear();
  server.hidesConfig = () => false;
  store.place.objects.set(configKey(9), Buffer.from('torn'));
  await t.throwsAsync(requireCurrentKeys(objects), { code: 'object-damaged' });
});
