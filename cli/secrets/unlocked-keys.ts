/**
 * Keys that "doppel key unlock" leaves for later commands, so that they need not pay for the passphrase again: in a folder
 * of the user's that lives in memory, each until its time is over. They are never written to a disk.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, stat, statfs, unlink, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

/** From linux/magic.h. */
const IN_MEMORY: ReadonlySet<number> = new Set([0x01021994 /* tmpfs */, 0x858458f6 /* ramfs */]);
const KEY_FILE = /^[0-9a-f]{32}\.key$/;

export interface UnlockedKey {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** Where they are, which may not exist yet. @throws Error that says why there is no such place */
async function runtimeFolder(): Promise<string> {
  const { XDG_RUNTIME_DIR: named } = process.env;
  const uid = process.getuid?.() ?? 0;
  const folder = named !== undefined && isAbsolute(named) ? named : `/run/user/${uid}`;
  const remedy =
    'log in so that the system makes one, or set XDG_RUNTIME_DIR to a folder of your own on a tmpfs';
  const isThere = await stat(folder).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (!isThere) throw await refusal(`There is no folder ${folder} for unlocked keys: ${remedy}`);
  if (!IN_MEMORY.has((await statfs(folder)).type))
    throw await refusal(`${folder} is on a disk, where no unlocked key may be written: ${remedy}`);
  return join(folder, 'doppel');
}

async function refusal(message: string): Promise<Error> {
  const { StoreError } = await import('../../src/index.js');
  return new StoreError('bad-setting', message);
}

/** Undefined where there is none, or it is not the user's own. */
async function ownFolder(): Promise<string | undefined> {
  const folder = await runtimeFolder().catch(() => undefined);
  return folder !== undefined && (await isOwn(folder)) ? folder : undefined;
}

async function isOwn(folder: string): Promise<boolean> {
  const entry = await lstat(folder).catch(() => undefined);
  return entry?.isDirectory() === true && entry.uid === process.getuid?.() && (entry.mode & 0o077) === 0;
}

/** The key that is unlocked now. Those whose time is over go on the way. */
export async function readUnlockedKey(storeId: string): Promise<UnlockedKey | undefined> {
  const folder = await ownFolder();
  if (folder === undefined) return undefined;
  for (const name of await readdir(folder).catch(() => [])) {
    if (!KEY_FILE.test(name)) continue;
    const unlocked = await readOne(join(folder, name));
    if (unlocked === undefined || unlocked.until <= Date.now()) await discard(join(folder, name));
    else if (name === `${storeId}.key`) return unlocked;
  }
  return undefined;
}

async function readOne(path: string): Promise<UnlockedKey | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { uid, mode } = await file.stat();
      if (uid !== process.getuid?.() || (mode & 0o077) !== 0) return undefined;
      const { key, until } = JSON.parse(await file.readFile('utf8')) as Partial<UnlockedKey>;
      return typeof key === 'string' && typeof until === 'number' ? { key, until } : undefined;
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

/** @returns path of the file */
export async function writeUnlockedKey(storeId: string, unlocked: UnlockedKey): Promise<string> {
  const folder = await runtimeFolder();
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  if (!(await isOwn(folder)))
    throw await refusal(
      `${folder} is not a folder that you alone can use: remove it, and run the command again`,
    );
  const path = join(folder, `${storeId}.key`);
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(temporary, JSON.stringify(unlocked), { mode: 0o600, flag: 'wx' });
    await rename(temporary, path);
  } catch (error) {
    await discard(temporary);
    throw error;
  }
  return path;
}

/** @param storeId of one store; all of them otherwise. @returns ids of the stores that were locked */
export async function removeUnlockedKeys(storeId?: string): Promise<readonly string[]> {
  const folder = await ownFolder();
  if (folder === undefined) return [];
  const names = (await readdir(folder).catch(() => [])).filter(
    (name) => KEY_FILE.test(name) && (storeId === undefined || name === `${storeId}.key`),
  );
  for (const name of names) await unlink(join(folder, name));
  return names.map((name) => name.slice(0, -'.key'.length));
}

async function discard(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
}
