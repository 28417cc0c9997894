/**
 * The object store that a simulated process sees: the verbs of a local folder or a remote place, cut into the steps
 * between which a crash or somebody else may come. Each step waits until the scheduler lets it happen.
 */
import { asStoreError } from '../../src/objects/folder-errors.js';
import type { ByteRange, Claim, Fetched, Hold, ObjectStore, Upload } from '../../src/objects/object-store.js';
import type { BegunUpload, Place } from './place.js';
import type { SimulatedProcess } from './processes.js';
import type { StoredFile } from './storage.js';

/** As `FolderStore` does it. */
const STALE_MS = 24 * 3600 * 1000;

export class SimulatedStore implements ObjectStore {
  readonly location = 'simulated store';
  readonly readOnly = false;

  constructor(
    private readonly place: Place,
    private readonly process: SimulatedProcess,
  ) {}

  get(key: string, range?: ByteRange): Promise<Fetched> {
    return this.process.request('get', key, 'read', () => fetched(this.#require(key).bytes, range));
  }

  size(key: string): Promise<number | undefined> {
    return this.process.request('size', key, 'read', () => this.place.storage.get(key)?.bytes.length);
  }

  modified(key: string): Promise<number | undefined> {
    return this.process.request('modified', key, 'read', () => this.place.storage.get(key)?.modifiedMs);
  }

  /** It begins now and ends when the step happens: what changes in between is in it or not. */
  list(folder: string): Promise<string[]> {
    const { storage, lagMs, listingChance } = this.place;
    const start = storage.startListing(folder, lagMs);
    return this.process.request('list', folder, 'list', () => storage.finishListing(start, listingChance));
  }

  async delete(key: string): Promise<void> {
    const { storage } = this.place;
    const wasThere = await this.process.request('delete', key, 'unlink', () =>
      storage.unlink(key, this.process.name),
    );
    if (wasThere) await this.#sync(key);
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    const file = this.#file(bytes);
    await this.process.request('put', key, 'name', () =>
      this.place.storage.link(key, file, this.process.name),
    );
    await this.#sync(key);
  }

  async claim(key: string, bytes: Uint8Array): Promise<Claim> {
    const file = this.#file(bytes);
    const won = await this.process.request('claim', key, 'name', () => this.#linkOnce(key, file));
    await this.#sync(key);
    return won ? { won } : { won, winner: (await this.get(key)).bytes };
  }

  async hold(key: string, bytes: Uint8Array): Promise<Hold> {
    const { holders, storage } = this.place;
    const file = this.#file(bytes);
    const process = this.process;
    try {
      await process.request('hold', key, 'name', (late) => {
        if (!late) holders.set(key, process); // it is locked before it has its name
        this.#linkOnce(key, file);
      });
      await this.#sync(key);
    } catch (error) {
      holders.delete(key);
      throw error;
    }
    return {
      release: async () => {
        if (await process.request('release', key, 'unlink', () => storage.unlink(key, process.name)))
          await this.#sync(key);
        holders.delete(key);
      },
      leave: async () => void holders.delete(key),
    };
  }

  isHeld(key: string): Promise<boolean> {
    const { storage } = this.place;
    return this.process.request(
      'isHeld',
      key,
      'lock',
      () => storage.get(key) !== undefined && this.place.holds(key),
    );
  }

  async upload(owner: string): Promise<Upload> {
    const { place, process } = this;
    const begun: BegunUpload = { owner, pieces: [], begunMs: place.nowMs(), gone: false };
    await process.request('upload', `tmp/${owner}`, 'append', () => void place.uploads.add(begun));
    return {
      append: async (bytes) => {
        const piece = Buffer.from(bytes); // the caller may use its memory again
        await process.request('append', `tmp/${owner}`, 'append', () => void begun.pieces.push(piece));
      },
      finish: (key) => this.#finish(begun, key),
      abort: async () => void place.uploads.delete(begun),
    };
  }

  async #finish(begun: BegunUpload, key: string): Promise<void> {
    const { place, process } = this;
    const file: StoredFile = { ...this.#file(Buffer.concat(begun.pieces)), synced: false };
    await process.request('fsync', key, 'append', () => {
      file.synced = true;
    });
    await process.request('rename', key, 'name', () => {
      if (begun.gone) throw asStoreError(systemError('ENOENT'), key, 'Cannot write');
      place.uploads.delete(begun);
      place.storage.link(key, file, process.name);
    });
    await this.#sync(key);
  }

  async settle(keys: Iterable<string>): Promise<void> {
    const all = [...keys];
    if (this.place.isRemote || all.length === 0) return;
    await this.process.request('settle', `${all[0]} and ${all.length - 1} more`, 'sync', () => {
      for (const key of all) this.place.storage.syncFolderOf(key);
    });
  }

  sweep(): Promise<void> {
    const { place } = this;
    return this.process.request('sweep', 'tmp', 'read', () => {
      for (const begun of place.uploads) {
        const lease = `leases/${begun.owner}`;
        const leased = place.storage.get(lease) !== undefined;
        const dead = leased ? !place.holds(lease) : place.nowMs() - begun.begunMs > STALE_MS;
        if (!dead) continue;
        begun.gone = true;
        place.uploads.delete(begun);
      }
    });
  }

  async #sync(key: string): Promise<void> {
    if (this.place.isRemote) return;
    await this.process.request('sync', key, 'sync', () => this.place.storage.syncFolderOf(key));
  }

  #linkOnce(key: string, file: StoredFile): boolean {
    if (this.place.storage.get(key) !== undefined) return false;
    this.place.storage.link(key, file, this.process.name);
    return true;
  }

  #file(bytes: Uint8Array): StoredFile {
    return { bytes: Buffer.from(bytes), synced: true, modifiedMs: this.place.nowMs() };
  }

  #require(key: string): StoredFile {
    const file = this.place.storage.get(key);
    if (file === undefined) throw asStoreError(systemError('ENOENT'), key, 'Cannot read');
    return file;
  }
}

export function fetched(bytes: Buffer, range: ByteRange | undefined): Fetched {
  const size = bytes.length;
  if (range === undefined) return { bytes: Buffer.from(bytes), size };
  const offset = 'last' in range ? Math.max(0, size - range.last) : range.offset;
  const end = 'last' in range ? size : Math.min(size, offset + range.length);
  return { bytes: Buffer.from(bytes.subarray(offset, Math.max(offset, end))), size };
}

/** As the system throws it. */
export function systemError(code: 'ENOENT' | 'EIO' | 'ENOSPC' | 'ETIMEDOUT'): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}
