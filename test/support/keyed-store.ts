/** A store with keys in a folder, as a test uses the library: opened by the text of a key file, which costs no time. */
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Secret, Store, Warning } from '../../src/index.js';
import { library } from './library-store.js';
import { folderFor } from './machine.js';

const { initStore, openStore } = library;

export interface KeyedStore {
  readonly location: string;
  readonly key: string;
  readonly open: (secret: string | Secret, warnings?: Warning[]) => Promise<Store>;
}

export async function storeWithKeys(t: ExecutionContext, passphrase?: string): Promise<KeyedStore> {
  const folder = folderFor(t);
  const [location, stateFolder] = [join(folder, 'store'), join(folder, 'state')];
  let key = '';
  const onKey = async (text: string) => {
    key = text;
  };
  await initStore(location, {
    stateFolder,
    encrypt: passphrase === undefined ? { onKey } : { onKey, passphrase },
  });
  const open = async (secret: string | Secret, warnings: Warning[] = []) => {
    const store = await openStore(location, {
      stateFolder,
      cacheFolder: join(folder, 'cache'),
      parallelism: 1,
      onWarning: (warning) => warnings.push(warning),
      unlock: async () => (typeof secret === 'string' ? { kind: 'key', text: secret } : secret),
    });
    t.teardown(() => store.close());
    return store;
  };
  return { location, key, open };
}

/** @returns text of the new key file */
export async function addKeyFile(store: Store, label: string): Promise<string> {
  let key = '';
  await store.keys!.add({
    label,
    onKey: async (text) => {
      key = text;
    },
  });
  return key;
}
