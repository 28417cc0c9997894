/**
 * A store in a local folder. An object is written under `tmp/`, synced, and linked to its name, so it appears whole
 * or not at all; `link` refuses a name that exists, which is what makes a claim atomic.
 *
 * Leases are held by an OS lock on the lease file: it is locked before it is linked, and a killed process loses it.
 */
import { constants } from 'node:fs';
import {
  access,
  type FileHandle,
  mkdir,
  open,
  readdir,
  rename,
  stat,
  statfs,
  unlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isHex, LEASE_ID_BYTES, packFolders } from '../../store-format/index.js';
import { errnoOf } from '../errors.js';
import { discard, linkOnce, syncFolder } from '../system/durable-files.js';
import { mapConcurrently } from '../system/map-concurrently.js';
import { tryLock } from '../system/native-extensions.js';
import { asStoreError } from './folder-errors.js';
import { FolderUpload } from './folder-upload.js';
import type { ByteRange, Claim, Fetched, Hold, ObjectStore, Temporaries } from './object-store.js';

const TMP = 'tmp';
/** Folders being listed at a time. */
const LISTINGS_AHEAD = 16;
/** Leftovers whose owner has no lease file are deleted when they are this old: a claim takes milliseconds. */
const STALE_MS = 24 * 3600 * 1000;

export class FolderStore implements ObjectStore {
  #temporaries = 0;

  private constructor(
    readonly location: string,
    readonly readOnly: boolean,
    /** Makes temporary names of this opening its own. */
    private readonly nonce: string,
  ) {}

  /** @param nonce hex digits that no other opening has */
  static async open(location: string, nonce: string): Promise<FolderStore> {
    // Whoever may only add images may have no right to the folder itself: nobody writes without temporary files.
    const writable = (await isWritable(location)) || (await isWritable(join(location, TMP)));
    return new FolderStore(location, !writable, nonce);
  }

  /** Makes the folders, durably. Folders that are there are kept. */
  static async create(location: string, folders: readonly string[]): Promise<void> {
    try {
      await mkdir(location, { recursive: true });
      for (const folder of [TMP, ...folders]) await makeFolder(join(location, folder));
      for (const folder of ['packs', '.', '..']) await syncFolder(join(location, folder));
    } catch (error) {
      throw asStoreError(error, location, 'Cannot create');
    }
  }

  localPath(key: string): string {
    return join(this.location, key);
  }

  async get(key: string, range?: ByteRange): Promise<Fetched> {
    let file: FileHandle | undefined;
    try {
      file = await open(this.localPath(key), 'r');
      const { size } = await file.stat();
      const { offset, length } = within(size, range);
      const bytes = Buffer.allocUnsafeSlow(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return { bytes: bytes.subarray(0, done), size };
    } catch (error) {
      throw asStoreError(error, key, 'Cannot read');
    } finally {
      await file?.close();
    }
  }

  async size(key: string): Promise<number | undefined> {
    try {
      return (await stat(this.localPath(key))).size;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw asStoreError(error, key, 'Cannot read');
    }
  }

  async modified(key: string): Promise<number | undefined> {
    try {
      return (await stat(this.localPath(key))).mtimeMs;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw asStoreError(error, key, 'Cannot read');
    }
  }

  async list(folder: string): Promise<string[]> {
    if (folder !== 'packs') return this.#listFiles(folder);
    const keys = await mapConcurrently(packFolders(), LISTINGS_AHEAD, (shard) => this.#listFiles(shard));
    return keys.flat();
  }

  async #listFiles(folder: string): Promise<string[]> {
    try {
      const entries = await readdir(this.localPath(folder), { withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => `${folder}/${entry.name}`);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw asStoreError(error, folder, 'Cannot list');
    }
  }

  async delete(key: string): Promise<void> {
    try {
      await unlink(this.localPath(key));
      await syncFolder(dirname(this.localPath(key)));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw asStoreError(error, key, 'Cannot delete');
    }
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    const temporary = await this.#write(bytes, this.nonce);
    try {
      await rename(temporary, this.localPath(key));
      await syncFolder(dirname(this.localPath(key)));
    } catch (error) {
      await discard(temporary);
      throw asStoreError(error, key, 'Cannot write');
    }
  }

  async claim(key: string, bytes: Uint8Array): Promise<Claim> {
    const path = this.localPath(key);
    await this.#makeFolder(key);
    const temporary = await this.#write(bytes, this.nonce);
    try {
      const won = await linkOnce(temporary, path);
      await syncFolder(dirname(path));
      if (won) return { won: true };
      return { won: false, winner: (await this.get(key)).bytes };
    } catch (error) {
      throw asStoreError(error, key, 'Cannot write');
    } finally {
      await discard(temporary);
    }
  }

  /** Only `tags/<hash>` folders come after `init`. */
  async #makeFolder(key: string): Promise<void> {
    if (!key.startsWith('tags/')) return;
    const folder = dirname(this.localPath(key));
    try {
      if ((await mkdir(folder, { recursive: true })) !== undefined) await syncFolder(dirname(folder));
    } catch (error) {
      throw asStoreError(error, key, 'Cannot write');
    }
  }

  async #write(bytes: Uint8Array, owner: string): Promise<string> {
    const upload = await this.upload(owner);
    try {
      await upload.append(bytes);
      await upload.sync();
      return upload.path;
    } catch (error) {
      await upload.abort(); // a full disk must not fill up with tries
      throw error;
    }
  }

  async upload(owner: string): Promise<FolderUpload> {
    const path = join(this.location, TMP, `${owner}.${this.nonce}.${this.#temporaries++}`);
    try {
      return new FolderUpload(path, await open(path, 'wx'), (key) => this.localPath(key));
    } catch (error) {
      throw asStoreError(error, path, 'Cannot create');
    }
  }

  async settle(keys: Iterable<string>): Promise<void> {
    const folders = new Set(Array.from(keys, (key) => dirname(this.localPath(key))));
    try {
      for (const folder of folders) await syncFolder(folder);
    } catch (error) {
      throw asStoreError(error, this.location, 'Cannot sync');
    }
  }

  async hold(key: string, bytes: Uint8Array): Promise<Hold> {
    const path = join(this.location, TMP, `${this.nonce}.lease.${this.#temporaries++}`);
    let file: FileHandle | undefined;
    try {
      file = await open(path, 'wx+');
      if (!tryLock(file.fd)) throw new Error('The new lease file is locked by somebody else');
      await file.writeFile(bytes);
      await file.sync();
      await linkOnce(path, this.localPath(key));
      await syncFolder(dirname(this.localPath(key)));
    } catch (error) {
      await file?.close();
      throw asStoreError(error, key, 'Cannot write');
    } finally {
      await discard(path);
    }
    const held = file;
    return {
      release: async () => {
        await this.delete(key);
        await held.close();
      },
      leave: () => held.close(),
    };
  }

  async isHeld(key: string): Promise<boolean> {
    let file: FileHandle | undefined;
    try {
      file = await open(this.localPath(key), 'r+');
      return !tryLock(file.fd);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false;
      throw asStoreError(error, key, 'Cannot lock');
    } finally {
      await file?.close();
    }
  }

  async sweep(): Promise<void> {
    for (const key of await this.list(TMP)) {
      if ((await this.#temporary(key))?.isLeft) await discard(this.localPath(key));
    }
  }

  async temporaries(): Promise<Temporaries> {
    const sums = { files: 0, bytes: 0, leftFiles: 0, leftBytes: 0 };
    for (const key of await this.list(TMP)) {
      const found = await this.#temporary(key);
      if (found === undefined) continue;
      sums.files++;
      sums.bytes += found.bytes;
      if (!found.isLeft) continue;
      sums.leftFiles++;
      sums.leftBytes += found.bytes;
    }
    return sums;
  }

  /** Undefined when it was finished meanwhile. */
  async #temporary(key: string): Promise<{ readonly bytes: number; readonly isLeft: boolean } | undefined> {
    const info = await stat(this.localPath(key)).catch(() => undefined);
    if (info === undefined) return undefined;
    const owner = key.slice(TMP.length + 1).split('.')[0]!;
    // A lease that cannot be tried is taken for alive; one that is not there has ended, was broken, or its holder killed.
    const isLeft = isHex(owner, LEASE_ID_BYTES)
      ? !(await this.isHeld(`leases/${owner}`).catch(() => true))
      : Date.now() - info.mtimeMs > STALE_MS;
    return { bytes: info.size, isLeft };
  }

  async freeBytes(): Promise<number> {
    try {
      const { bavail, bsize } = await statfs(this.location);
      return bavail * bsize;
    } catch (error) {
      throw asStoreError(error, this.location, 'Cannot read');
    }
  }
}

/** Not `recursive`, which says ENOENT where the system says ENOSPC. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

function within(size: number, range: ByteRange | undefined): { offset: number; length: number } {
  if (range === undefined) return { offset: 0, length: size };
  if ('last' in range) return { offset: Math.max(0, size - range.last), length: Math.min(size, range.last) };
  return { offset: range.offset, length: Math.max(0, Math.min(range.length, size - range.offset)) };
}

function isWritable(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}
