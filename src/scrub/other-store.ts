/** Another store, as a source of what this one has lost: equal bytes have equal ids in both. */
import {
  EntryKind,
  fromHex,
  HASH_BYTES,
  type LeaseId,
  type PackId,
  type PubId,
  parseLeaseId,
  toHex,
} from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { HeldLease } from '../engine/lease.js';
import { StoreError } from '../errors.js';
import { requireFullAccess } from '../objects/key-forbids.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { FooterTable } from '../packs/footer-table.js';
import { CHUNK_COPIES, ENTRY_COPIES } from '../packs/sought.js';
import type { CheckedCopies } from '../reachability/checked-copies.js';
import { Copier } from '../reachability/copier.js';
import type { MissingEntries } from '../reachability/missing-entries.js';

export interface Fetched {
  readonly entries: number;
  readonly writtenBytes: number;
}

interface WantedEntry {
  readonly kind: EntryKind;
  readonly id: string;
}

export class OtherStore {
  /** Packs whose copy of an entry was bad, by the entry's id. */
  readonly #badIn = new Map<string, Set<PackId>>();

  private constructor(
    private readonly engine: Engine,
    /** Absent where nothing can be written: no gc must run there meanwhile. */
    private readonly lease: HeldLease | undefined,
  ) {}

  static async open(engine: Engine): Promise<OtherStore> {
    const { objects, environment } = engine;
    requireFullAccess(objects);
    return new OtherStore(
      engine,
      objects.readOnly ? undefined : await HeldLease.take(objects, environment, 'read'),
    );
  }

  /** A mirror of the store: equal keys have equal bytes. */
  isMirrorOf({ config }: Engine): boolean {
    return (
      this.engine.config.storeId === config.storeId && this.#isKeyed === (config.encryption !== undefined)
    );
  }

  get #isKeyed(): boolean {
    return this.engine.config.encryption !== undefined;
  }

  get objects(): ObjectStore {
    return this.engine.objects;
  }

  /** Copies what is missing and stands here into packs of the store that misses it. */
  async fetch(
    to: Engine,
    lease: LeaseId,
    missing: MissingEntries,
    checked: CheckedCopies,
    signal: AbortSignal | undefined,
  ): Promise<Fetched> {
    let wanted: Iterable<WantedEntry> = missing;
    let entries = 0;
    let bad: WantedEntry[] = [];
    const source = this.engine.objects;
    const copier = new Copier({
      engine: to,
      source,
      lease,
      onPack: async ({ id }) => checked.addOwn(id),
      signal,
      onBad: (footer, ordinal) => bad.push(this.#noteBad(footer, ordinal)),
      onBytes: () => undefined,
    });
    try {
      do {
        bad = [];
        for (const { footer, ordinals } of await this.#find(wanted)) {
          entries += ordinals.size;
          await copier.copy(footer, (ordinal) => ordinals.has(ordinal));
        }
        await copier.finish();
        entries -= bad.length;
        wanted = bad; // perhaps there is another copy
      } while (bad.length > 0);
      return { entries, writtenBytes: copier.writtenBytes };
    } catch (error) {
      await copier.abort();
      throw error;
    }
  }

  #noteBad(footer: FooterTable, ordinal: number): WantedEntry {
    const id = toHex(footer.ids.subarray(HASH_BYTES * ordinal, HASH_BYTES * (ordinal + 1)));
    const { kind } = footer.frames[footer.frameOf[ordinal]!]!;
    const packs = this.#badIn.get(id) ?? new Set();
    this.#badIn.set(id, packs.add(footer.pack));
    return { kind, id };
  }

  async #find(wanted: Iterable<WantedEntry>) {
    const catalog = await this.engine.catalog();
    if (catalog.unreadable !== undefined) throw catalog.unreadable; // what it holds must not be given up
    const found = new Map<PackId, { readonly footer: FooterTable; readonly ordinals: Set<number> }>();
    for (const { kind, id } of wanted) {
      const sought = kind === EntryKind.chunk ? CHUNK_COPIES : ENTRY_COPIES;
      const home = await catalog.find(fromHex(id), 0, sought, this.#badIn.get(id));
      if (home === undefined) continue;
      const { footer, ordinal } = home;
      const known = found.get(footer.pack);
      if (known === undefined) found.set(footer.pack, { footer, ordinals: new Set([ordinal]) });
      else known.ordinals.add(ordinal);
    }
    return found.values();
  }

  /** Images and tombstones. */
  async listImages(): Promise<readonly PubId[]> {
    const ids = (await this.engine.objects.list('images')).map(parseLeaseId);
    return ids.filter((id) => id !== undefined);
  }

  /** @returns undefined when it has no such object, or a damaged one. @throws object-unreadable: what it has may be had tomorrow */
  async get(key: string): Promise<Buffer | undefined> {
    try {
      return (await this.engine.objects.get(key)).bytes;
    } catch (error) {
      const isOfNoUse =
        error instanceof StoreError && (error.code === 'object-missing' || error.code === 'object-damaged');
      if (!isOfNoUse) throw error;
      return undefined;
    }
  }

  /** An object's bytes as they stand here, with the signature that they have. */
  async getSealed(key: string): Promise<Buffer> {
    const { objects } = this.engine;
    return (await (objects.asSealed ?? objects).get(key)).bytes;
  }

  async close(): Promise<void> {
    await this.lease?.release();
    await this.engine.close();
  }
}
