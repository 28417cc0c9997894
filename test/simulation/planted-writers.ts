/** Mistakes of captures and of the small commands. */

import type { ChunkIndex } from '../../src/chunk-index/chunk-index.js';
import type { Vault } from '../../src/encryption/vault.js';
import { blake3 } from '../../src/hashing/blake3.js';
import type { ByteRange, Claim, Fetched, Hold, Upload } from '../../src/objects/object-store.js';
import {
  decodeManifestHead,
  decodePackTail,
  decodeRecord,
  encodeRecord,
  LeaseSchema,
  MarkSchema,
  type PackId,
  type PubId,
  parseMark,
} from '../../store-format/index.js';
import type { Plant, Witness } from './plants.js';
import { WrappedStore } from './wrapped-store.js';

/** The operation that a process runs now. */
function runs({ process }: Witness, kind: string): boolean {
  return process.operation?.kind === kind;
}

export function publishWhatever(): Plant {
  return {
    store: (real, who) =>
      new (class extends WrappedStore {
        override async claim(key: string, bytes: Uint8Array): Promise<Claim> {
          const claim = await this.real.claim(key, bytes);
          if (claim.won || !key.startsWith('images/') || !runs(who, 'capture')) return claim;
          if (isManifest(key, bytes) && !isManifest(key, claim.winner)) await this.real.put(key, bytes);
          return { won: true };
        }
      })(real),
  };
}

function isManifest(key: string, bytes: Uint8Array): boolean {
  return decodeManifestHead(bytes, key.slice('images/'.length) as PubId, blake3).kind === 'image';
}

export function recurPackIds(): Plant {
  /** Entries of a pack -> keys of all packs that hold the same. */
  const twins = new Map<string, string[]>();
  const twinsOf = (key: string, bytes: Buffer, vault: Vault | undefined) => {
    const id = key.slice(key.lastIndexOf('/') + 1) as PackId;
    const { footer } = decodePackTail(bytes, bytes.length, id, blake3, vault);
    const entries = `${footer.kind} ${Buffer.from(blake3(footer.ids)).toString('hex')}`;
    const keys = twins.get(entries) ?? [];
    twins.set(entries, keys);
    return keys;
  };
  return {
    store: (real, { place, process }) =>
      new (class extends WrappedStore {
        override async upload(owner: string): Promise<Upload> {
          const upload = await this.real.upload(owner);
          const finish = async (key: string) => {
            await upload.finish(key);
            const file = place.storage.get(key);
            if (file !== undefined) twinsOf(key, file.bytes, this.vault).push(key);
          };
          return { append: (bytes) => upload.append(bytes), finish, abort: () => upload.abort() };
        }

        override async delete(key: string): Promise<void> {
          const file = key.startsWith('packs/') ? place.storage.get(key) : undefined;
          await this.real.delete(key);
          for (const twin of file === undefined ? [] : twinsOf(key, file.bytes, this.vault))
            place.storage.unlink(twin, process.name);
        }
      })(real),
  };
}

export function trustParents(): Plant {
  /** Manifests that were ever read. */
  const manifests = new Map<string, Fetched>();
  return {
    store: (real, who) =>
      new (class extends WrappedStore {
        override async get(key: string, range?: ByteRange): Promise<Fetched> {
          if (!key.startsWith('images/') || range !== undefined) return this.real.get(key, range);
          const known = manifests.get(key);
          if (known !== undefined && runs(who, 'capture')) return known;
          const fetched = await this.real.get(key);
          manifests.set(key, fetched);
          return fetched;
        }

        override async list(folder: string): Promise<string[]> {
          const keys = await this.real.list(folder);
          return folder === 'removed' && runs(who, 'capture') ? keys.filter(isRemoval) : keys;
        }

        override async size(key: string): Promise<number | undefined> {
          const isVerdict = key.startsWith('removed/') && !isRemoval(key);
          return isVerdict && runs(who, 'capture') ? undefined : this.real.size(key);
        }

        override hold(key: string, bytes: Uint8Array): Promise<Hold> {
          if (!runs(who, 'capture')) return this.real.hold(key, bytes);
          const lease = decodeRecord('lease', key, bytes, LeaseSchema, blake3);
          return this.real.hold(key, encodeRecord('lease', key, { ...lease, images: [] }, blake3));
        }
      })(real),
    index: (real) => coveringAll(real),
  };
}

/** Marks with odd numbers take away; the others decide. */
function isRemoval(key: string): boolean {
  return (parseMark(key)?.n ?? 0) % 2 === 1;
}

/** Says of every image that all it needs is there. */
function coveringAll(real: ChunkIndex): ChunkIndex {
  return {
    get packs() {
      return real.packs;
    },
    add: (pack, footer, options) => real.add(pack, footer, options),
    addAll: (packs, options) => real.addAll(packs, options),
    find: (ids, at) => real.find(ids, at),
    addCover: (image, packs) => real.addCover(image, packs),
    coverOf: () => [],
    clear: () => real.clear(),
    size: () => real.size(),
    close: () => real.close(),
  };
}

export function uploadUnsynced(): Plant {
  return {
    store: (real, { place }) =>
      new (class extends WrappedStore {
        override async upload(owner: string): Promise<Upload> {
          const upload = await this.real.upload(owner);
          const finish = async (key: string) => {
            await upload.finish(key);
            const file = place.storage.get(key);
            if (file === undefined) return;
            file.synced = false;
            place.storage.observer?.settled(key);
          };
          return { append: (bytes) => upload.append(bytes), finish, abort: () => upload.abort() };
        }
      })(real),
  };
}

export function winUndelete(): Plant {
  return {
    store: (real) =>
      new (class extends WrappedStore {
        override async claim(key: string, bytes: Uint8Array): Promise<Claim> {
          const claim = await this.real.claim(key, bytes);
          const isMark = key.startsWith('removed/');
          const restores =
            isMark && decodeRecord('mark', key, bytes, MarkSchema, blake3).verdict === 'restored';
          return restores ? { won: true } : claim;
        }
      })(real),
  };
}

export function pinUnseen(): Plant {
  return {
    store: (real, who) =>
      new (class extends WrappedStore {
        #sure = false;

        override async claim(key: string, bytes: Uint8Array): Promise<Claim> {
          this.#sure = key.startsWith('pins/');
          return this.real.claim(key, bytes);
        }

        override async list(folder: string): Promise<string[]> {
          const keys = await this.real.list(folder);
          return folder === 'removed' && this.#sure && runs(who, 'pin') ? keys.filter(isRemoval) : keys;
        }

        override async size(key: string): Promise<number | undefined> {
          const size = await this.real.size(key);
          return this.#sure && runs(who, 'pin') && key.startsWith('images/') ? (size ?? 1) : size;
        }
      })(real),
  };
}
