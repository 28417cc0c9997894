/**
 * A store's objects in memory: copied in no time, hurt by changing a map, and worked on by as many processes as a test
 * wants. What a power failure would take does not happen here; the simulation has a place for that.
 */
import { dirname } from 'node:path/posix';
import { asStoreError } from '../../src/objects/folder-errors.js';
import type { ByteRange, Claim, Fetched, Hold, ObjectStore, Upload } from '../../src/objects/object-store.js';

/** Objects by key, and which leases somebody holds. */
export class MemoryPlace {
  readonly held = new Set<string>();
  /** Makes the place read-only. */
  readOnly = false;

  constructor(readonly objects = new Map<string, Buffer>()) {}

  /** Bytes are never changed in place, so both may share them. Nobody works on the copy. */
  copy(): MemoryPlace {
    return new MemoryPlace(new Map(this.objects));
  }

  keysIn(folder: string): string[] {
    const isIn = (key: string) => (folder === 'packs' ? key.startsWith('packs/') : dirname(key) === folder);
    return [...this.objects.keys()].filter(isIn).sort();
  }
}

export class MemoryStore implements ObjectStore {
  readonly location = 'a store in memory';

  constructor(private readonly place: MemoryPlace) {}

  get readOnly(): boolean {
    return this.place.readOnly;
  }

  async get(key: string, range?: ByteRange): Promise<Fetched> {
    const all = this.place.objects.get(key);
    if (all === undefined) throw asStoreError(systemError('ENOENT'), key, 'Cannot read');
    const size = all.length;
    if (range === undefined) return { bytes: Buffer.from(all), size };
    const offset = 'last' in range ? Math.max(0, size - range.last) : Math.min(range.offset, size);
    const end = 'last' in range ? size : Math.min(size, offset + range.length);
    return { bytes: Buffer.from(all.subarray(offset, end)), size };
  }

  async size(key: string): Promise<number | undefined> {
    return this.place.objects.get(key)?.length;
  }

  async modified(key: string): Promise<number | undefined> {
    return this.place.objects.has(key) ? Date.now() : undefined;
  }

  async list(folder: string): Promise<string[]> {
    return this.place.keysIn(folder);
  }

  async delete(key: string): Promise<void> {
    this.#requireWritable(key);
    this.place.objects.delete(key);
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    this.#requireWritable(key);
    this.place.objects.set(key, Buffer.from(bytes));
  }

  async claim(key: string, bytes: Uint8Array): Promise<Claim> {
    const winner = this.place.objects.get(key);
    if (winner !== undefined) return { won: false, winner: Buffer.from(winner) };
    await this.put(key, bytes);
    return { won: true };
  }

  async upload(): Promise<Upload> {
    const parts: Buffer[] = [];
    return {
      append: async (bytes) => void parts.push(Buffer.from(bytes)),
      finish: (key) => this.put(key, Buffer.concat(parts)),
      abort: async () => {},
    };
  }

  async settle(): Promise<void> {}

  async hold(key: string, bytes: Uint8Array): Promise<Hold> {
    await this.put(key, bytes);
    this.place.held.add(key);
    const leave = async () => void this.place.held.delete(key);
    const release = async () => {
      await this.delete(key);
      await leave();
    };
    return { release, leave };
  }

  async isHeld(key: string): Promise<boolean> {
    return this.place.held.has(key);
  }

  async sweep(): Promise<void> {}

  #requireWritable(key: string): void {
    if (this.place.readOnly) throw asStoreError(systemError('EROFS'), key, 'Cannot write');
  }
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: in a test`), { code });
}
