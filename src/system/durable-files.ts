/** Names on a file system that survive a power failure. */
import { link, open, stat, unlink } from 'node:fs/promises';
import { errnoOf } from '../errors.js';
import { systemCalls } from './calls.js';

/** Gives `from` the name `to` unless that is taken. Where a file system knows no links, rename does it. */
export async function linkOnce(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EEXIST') return false;
    const unsupported = code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS';
    const calls = systemCalls();
    if (!unsupported || calls === undefined) throw error;
    if (calls.renameNoReplace(from, to) === 0) return true;
    if ((await stat(to).catch(() => undefined)) !== undefined) return false;
    throw error;
  }
}

/** Makes the entries of a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Deletes what nobody needs; that it cannot be deleted is no news either. */
export async function discard(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
}
