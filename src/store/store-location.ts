import { access, constants, readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { errnoOf, messageOf, StoreError } from '../errors.js';

/** @throws store-missing, not-a-store */
export async function checkIsStore(location: string): Promise<void> {
  try {
    if (!(await stat(location)).isDirectory()) {
      throw new StoreError('not-a-store', `${location} is not a folder, so it is no doppel store`, {
        store: location,
      });
    }
    await access(join(location, 'config'), constants.R_OK);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const errno = errnoOf(error) ?? 'EIO';
    const details = { store: location, errno };
    if (errno !== 'ENOENT' && errno !== 'ENOTDIR') {
      throw new StoreError('store-missing', `Cannot open store ${location}: ${messageOf(error)}`, details);
    }
    const exists = await stat(location).catch(() => undefined);
    throw exists === undefined
      ? new StoreError('store-missing', `There is no store at ${location}; "doppel init" makes one`, details)
      : new StoreError('not-a-store', `${location} is not a doppel store: it has no config folder`, details);
  }
}

/** A new store goes to a folder that does not exist or is empty. @throws store-exists */
export async function checkIsFree(location: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(location);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw new StoreError('store-exists', `Cannot make a store at ${location}: ${messageOf(error)}`, {
      store: location,
      errno: errnoOf(error) ?? 'EIO',
    });
  }
  if (names.length === 0 || (names.length === 1 && names[0] === 'lost+found')) return;
  const what =
    names.includes('config') && names.includes('packs') ? 'is a doppel store already' : 'is not empty';
  throw new StoreError('store-exists', `${location} ${what}`, { store: location });
}

/** Where the chunk index lives: in the store where that can be written, else in the user's cache folder. */
export function indexFolderOf(
  location: string,
  readOnly: boolean,
  storeId: string,
  cacheFolder: string | undefined,
): string {
  if (!readOnly) return join(location, 'index');
  const cache = cacheFolder ?? join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'doppel');
  return join(cache, storeId);
}
