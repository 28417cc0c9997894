/** The same storage without steps or faults, for reading alone: what checks outside of the schedule look through. */
import { asStoreError } from '../../src/objects/folder-errors.js';
import type { ByteRange, Fetched, ObjectStore } from '../../src/objects/object-store.js';
import { fetched, systemError } from './simulated-store.js';
import type { Storage } from './storage.js';

const refuse = async (): Promise<never> => {
  throw new Error('A check must not write');
};

export function instantStore(storage: Storage): ObjectStore {
  return {
    location: 'simulated store',
    readOnly: true,
    get: async (key: string, range?: ByteRange): Promise<Fetched> => {
      const file = storage.get(key);
      if (file === undefined) throw asStoreError(systemError('ENOENT'), key, 'Cannot read');
      return fetched(file.bytes, range);
    },
    size: async (key) => storage.get(key)?.bytes.length,
    modified: async (key) => storage.get(key)?.modifiedMs,
    list: async (folder) => [...storage.keysIn(folder)],
    isHeld: async () => false,
    settle: async () => {},
    sweep: async () => {},
    delete: refuse,
    put: refuse,
    claim: refuse,
    upload: refuse,
    hold: refuse,
  };
}
