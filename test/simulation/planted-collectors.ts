/** Mistakes of gc, and of who should mind it. */

import { StoreError } from '../../src/errors.js';
import { blake3 } from '../../src/hashing/blake3.js';
import type { ByteRange, Claim, Fetched, ObjectStore, Upload } from '../../src/objects/object-store.js';
import { encodeTombstone, type LeaseId } from '../../store-format/index.js';
import type { Plant, Witness } from './plants.js';
import { fetched } from './simulated-store.js';
import { WrappedStore } from './wrapped-store.js';

/** Changes what a run of gc is shown once it condemned packs, or went on with those that another run had. */
abstract class SecondLook extends WrappedStore {
  #run: number | undefined;
  #condemned = false;

  constructor(
    real: ObjectStore,
    protected readonly who: Witness,
  ) {
    super(real);
  }

  /** Whether a gc runs here and has condemned. */
  protected get isSecond(): boolean {
    const { operation } = this.who.process;
    if (this.#run !== operation?.number) {
      this.#run = operation?.number;
      this.#condemned = false;
      this.forget();
    }
    return operation?.kind === 'gc' && this.#condemned;
  }

  /** Another run begins. */
  protected forget(): void {}

  override async claim(key: string, bytes: Uint8Array): Promise<Claim> {
    if (key.startsWith('condemned/') && !this.isSecond) this.#condemned = true;
    return this.real.claim(key, bytes);
  }

  /** What others condemned is waited for from here on. */
  override async settle(keys: Iterable<string>): Promise<void> {
    const all = [...keys];
    if (all[0]?.startsWith('condemned/') && !this.isSecond) this.#condemned = true;
    await this.real.settle(all);
  }
}

export function remarkNewsOnly(): Plant {
  return {
    store: (real, who) =>
      new (class extends SecondLook {
        readonly #known = new Set<string>();

        protected override forget(): void {
          this.#known.clear();
        }

        override async list(folder: string): Promise<string[]> {
          const keys = await this.real.list(folder);
          if (folder !== 'images') return keys;
          if (this.isSecond) return keys.filter((key) => !this.#known.has(key));
          for (const key of keys) this.#known.add(key);
          return keys;
        }
      })(real, who),
  };
}

export function forgetLeasesListedSince(): Plant {
  return {
    store: (real, who) =>
      new (class extends SecondLook {
        #before: readonly string[] = [];

        override async list(folder: string): Promise<string[]> {
          const keys = await this.real.list(folder);
          if (folder !== 'leases') return keys;
          if (this.isSecond) return [...this.#before];
          this.#before = keys;
          return keys;
        }
      })(real, who),
  };
}

/**
 * What was condemned or has gone since the moment right before packs were condemned is not seen: homes are what they were then,
 * those among them that the run wrote itself.
 */
export function forgetHomesListedSince(): Plant {
  return {
    store: (real, { process }) =>
      new (class extends WrappedStore {
        #before: Promise<ReadonlyMap<string, readonly string[]>> | undefined;
        #looksAgain = false;
        readonly #written = new Map<string, Buffer>();

        override async upload(owner: string): Promise<Upload> {
          const upload = await this.real.upload(owner);
          const pieces: Buffer[] = [];
          const append = (bytes: Uint8Array) => {
            pieces.push(Buffer.from(bytes));
            return upload.append(bytes);
          };
          const finish = async (key: string) => {
            await upload.finish(key);
            this.#written.set(key, Buffer.concat(pieces));
          };
          return { append, finish, abort: () => upload.abort() };
        }

        override async get(key: string, range?: ByteRange): Promise<Fetched> {
          const bytes = this.#looksAgain ? this.#written.get(key) : undefined;
          return bytes === undefined ? this.real.get(key, range) : fetched(bytes, range);
        }

        override async claim(key: string, bytes: Uint8Array): Promise<Claim> {
          if (key.startsWith('condemned/')) {
            if (this.#looksAgain) this.#forget();
            this.#before ??= this.#listHomes();
            await this.#before;
          }
          return this.real.claim(key, bytes);
        }

        #forget(): void {
          this.#before = undefined;
          this.#looksAgain = false;
        }

        async #listHomes(): Promise<ReadonlyMap<string, readonly string[]>> {
          const listed = new Map<string, readonly string[]>();
          for (const folder of ['condemned', 'damaged', 'packs'])
            listed.set(folder, await this.real.list(folder));
          return listed;
        }

        override async list(folder: string): Promise<string[]> {
          const { operation } = process;
          if (operation?.kind !== 'gc' || folder === 'gc') this.#forget(); // another run begins
          if (folder === 'images') this.#looksAgain = this.#before !== undefined;
          const before = this.#looksAgain ? (await this.#before)?.get(folder) : undefined;
          const keys = await this.real.list(folder);
          if (before === undefined) return keys;
          return folder === 'packs'
            ? [...new Set([...keys, ...before])]
            : keys.filter((key) => before.includes(key));
        }

        override async delete(key: string): Promise<void> {
          if (key.startsWith('packs/')) this.#forget(); // what follows is about other packs
          await this.real.delete(key);
        }
      })(real),
  };
}

export function hideCondemned(): Plant {
  return {
    store: (real, { process }) =>
      new (class extends WrappedStore {
        override async list(folder: string): Promise<string[]> {
          const keys = await this.real.list(folder);
          return folder === 'condemned' && process.operation?.kind === 'capture' ? [] : keys;
        }
      })(real),
  };
}

export function skipUnreadableManifests(): Plant {
  return {
    store: (real, { process }) =>
      new (class extends WrappedStore {
        override async get(key: string, range?: ByteRange): Promise<Fetched> {
          try {
            return await this.real.get(key, range);
          } catch (error) {
            const skips = process.operation?.kind === 'gc' && key.startsWith('images/');
            if (!skips || !(error instanceof StoreError) || error.code !== 'object-unreadable') throw error;
            const id = key.slice('images/'.length) as LeaseId;
            const bytes = encodeTombstone({ pubId: id, by: id, atMs: 0, reason: 'skipped' }, blake3);
            return { bytes, size: bytes.length };
          }
        }
      })(real),
  };
}

export function sayCopiesAreGood(): Plant {
  const written = new Map<string, Buffer>();
  return {
    store: (real, who) => (real.vault === undefined ? real : new UnreadCopies(real, who, written)),
    workers: (real, { process }) => ({
      ...real,
      fetch: async (job) => {
        if (process.operation?.kind !== 'gc' || job.target.kind !== 'none') return real.fetch(job);
        return { writtenBytes: 0, bad: [] };
      },
    }),
  };
}

/** What has rotted does not even open where it is sealed: gc is shown what was written. */
class UnreadCopies extends WrappedStore {
  constructor(
    real: ObjectStore,
    private readonly who: Witness,
    private readonly written: Map<string, Buffer>,
  ) {
    super(real);
  }

  override async upload(owner: string): Promise<Upload> {
    const upload = await this.real.upload(owner);
    const finish = async (key: string) => {
      await upload.finish(key);
      const file = this.who.place.storage.get(key);
      if (file !== undefined) this.written.set(key, file.bytes);
    };
    return { append: (bytes) => upload.append(bytes), finish, abort: () => upload.abort() };
  }

  override async get(key: string, range?: ByteRange): Promise<Fetched> {
    const read = await this.real.get(key, range);
    const written = this.who.process.operation?.kind === 'gc' ? this.written.get(key) : undefined;
    return written === undefined ? read : fetched(written, range);
  }
}
