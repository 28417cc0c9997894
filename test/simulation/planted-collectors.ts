/** Mistakes of gc, and of who should mind it. */

import { StoreError } from '../../src/errors.js';
import { blake3 } from '../../src/hashing/blake3.js';
import type { ByteRange, Claim, Fetched, ObjectStore } from '../../src/objects/object-store.js';
import { encodeTombstone, type LeaseId } from '../../store-format/index.js';
import type { Plant, Witness } from './plants.js';
import { WrappedStore } from './wrapped-store.js';

/** What a gc has seen so far; anew for each run. */
class GcView extends WrappedStore {
  #run: number | undefined;
  #condemning = false;
  readonly #listings = new Map<string, readonly string[]>();

  constructor(
    real: ObjectStore,
    private readonly who: Witness,
    /** What a listing shows once the run has begun to condemn. */
    private readonly later: (
      folder: string,
      before: readonly string[],
      now: readonly string[],
    ) => readonly string[],
  ) {
    super(real);
  }

  override async list(folder: string): Promise<string[]> {
    const now = await this.real.list(folder);
    const { operation } = this.who.process;
    if (operation?.kind !== 'gc') return now;
    if (this.#run !== operation.number) {
      this.#run = operation.number;
      this.#condemning = false;
      this.#listings.clear();
    }
    const before = this.#listings.get(folder);
    if (this.#condemning && before !== undefined) return [...this.later(folder, before, now)];
    this.#listings.set(folder, now);
    return now;
  }

  override claim(key: string, bytes: Uint8Array): Promise<Claim> {
    if (key.startsWith('condemned/')) this.#condemning = true;
    return this.real.claim(key, bytes);
  }
}

export function remarkNewsOnly(): Plant {
  return {
    store: (real, who) =>
      new GcView(real, who, (folder, before, now) =>
        folder === 'images' ? now.filter((key) => !before.includes(key)) : now,
      ),
  };
}

export function forgetLeasesListedSince(): Plant {
  return {
    store: (real, who) =>
      new GcView(real, who, (folder, before, now) => (folder === 'leases' ? before : now)),
  };
}

export function forgetHomesListedSince(): Plant {
  const isOfPacks = (folder: string) => folder === 'packs' || folder === 'condemned' || folder === 'damaged';
  return {
    store: (real, who) => new GcView(real, who, (folder, before, now) => (isOfPacks(folder) ? before : now)),
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
  return {
    workers: (real, { process }) => ({
      ...real,
      fetch: async (job) => {
        if (process.operation?.kind !== 'gc' || job.target.kind !== 'none') return real.fetch(job);
        return { writtenBytes: 0, bad: [] };
      },
    }),
  };
}
