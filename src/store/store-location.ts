import { access, chmod, constants, mkdir, readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { FOLDERS } from '../../store-format/index.js';
import { storeExists } from '../engine/config-records.js';
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

/**
 * A new store goes to a folder that does not exist, is empty, or holds nothing but what an `init` that was killed has
 * left. @throws store-exists
 */
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
  const configs = await readdir(join(location, 'config')).catch(() => []);
  if (configs.length > 0) throw storeExists(location);
  const strange = names.find((name) => !EXPECTED.has(name));
  if (strange === undefined) return;
  throw new StoreError(
    'store-exists',
    `${location} is not empty: it holds ${strange}; choose another folder`,
    {
      store: location,
    },
  );
}

const EXPECTED: ReadonlySet<string> = new Set([...FOLDERS, 'tmp', 'lost+found']);

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

/** What lies there tells which known content a store has: it is for the user alone. */
export async function makePrivate(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
}
