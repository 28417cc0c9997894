/**
 * Which entries the store has, and where: the listing of packs, what is said against some of them (condemned,
 * damaged), the chunk index, and the footers that confirm what the index suggests.
 *
 * An entry has a home when a pack that is present, not condemned, not damaged and trusted lists its full id in its footer.
 * Writers rely on homes only. Readers also take what other packs hold: they hash it.
 */
import type { PackId, PackTail, PubId } from '../../store-format/index.js';
import type { ChunkIndex, NewPack, Place } from '../chunk-index/chunk-index.js';
import { messageOf, StoreError } from '../errors.js';
import type { OperationOptions, Warning } from '../interface.js';
import type { ObjectStore } from '../objects/object-store.js';
import { settled } from '../system/settled.js';
import { FooterCache } from './footer-cache.js';
import { FooterTable } from './footer-table.js';
import { listPacks } from './list-packs.js';
import type { PackTrust } from './pack-trust.js';
import { readPackTail } from './read-tail.js';
import { ENTRY_HOMES, type Sought } from './sought.js';

/** Fewer packs that are gone are no burden to an index. */
const MIN_GONE = 64;
/** Footers being read while the index takes in others. */
const FOOTERS_AHEAD = 3;

export interface Home {
  readonly footer: FooterTable;
  readonly ordinal: number;
}

export interface RefreshResult {
  /** Entries of the footers that were taken in. */
  readonly entries: number;
  /** Footers that could not be read: their entries have no home. */
  readonly unreadable: readonly { readonly pack: PackId; readonly error: StoreError }[];
}

interface Taken extends RefreshResult {
  entries: number;
  readonly unreadable: { readonly pack: PackId; readonly error: StoreError }[];
}

export class PackCatalog {
  #present = new Set<PackId>();
  #condemned: ReadonlySet<PackId> = new Set();
  #damaged: ReadonlySet<PackId> = new Set();
  /** Packs whose footers could not be read since the last listing: what failed once may work later. */
  readonly #unreadable = new Map<PackId, StoreError>();
  readonly #toldUnreadable = new Set<PackId>();
  readonly #footers = new FooterCache();
  #looked = false;
  /** Packs that this process wrote since the last listing began: it may lack them. */
  readonly #ownSinceListing = new Set<PackId>();
  #refreshing: Promise<unknown> = Promise.resolve();
  #departures = 0;

  constructor(
    private readonly objects: ObjectStore,
    readonly index: ChunkIndex,
    private readonly warn: (warning: Warning) => void,
    /** Of a store with keys. */
    private readonly trust?: PackTrust,
  ) {}

  /**
   * Lists what is there now and takes new footers into the index. A writer calls this once its lease is durable:
   * condemned packs are listed first, then packs, then the index is read.
   */
  refresh(options: OperationOptions = {}): Promise<RefreshResult> {
    // One after the other: an older listing must not replace a newer one.
    const run = this.#refreshing.then(() => this.#refresh(options));
    this.#refreshing = run.catch(() => undefined);
    return run;
  }

  async #refresh(options: OperationOptions): Promise<RefreshResult> {
    this.#ownSinceListing.clear();
    const { condemned, damaged, present } = await listPacks(this.objects);
    await this.trust?.refresh();
    for (const pack of this.#present) {
      const departs = condemned.has(pack) || !present.has(pack);
      if (departs && !this.#condemned.has(pack) && !this.#ownSinceListing.has(pack)) this.#departures++;
    }
    this.#condemned = condemned;
    this.#damaged = damaged;
    this.#present = new Set([...present, ...this.#ownSinceListing]);
    this.#unreadable.clear();
    await this.#forgetGone();
    const news = [...this.#present].filter((pack) => !this.index.packs.has(pack));
    const taken: Taken = { entries: 0, unreadable: [] };
    if (news.length > 0) {
      const tellsProgress = news.length > 16;
      await this.index.addAll(this.#readFooters(news, taken), {
        expectedPacks: news.length,
        signal: options.signal,
        onProgress: (share) => {
          const doneBytes = Math.round(share * news.length);
          if (tellsProgress) options.onProgress?.({ phase: 'index', doneBytes, totalBytes: news.length });
        },
      });
    }
    for (const { pack, error } of taken.unreadable) this.#giveUp(pack, error);
    return taken;
  }

  /** After gc the index still knows packs that are gone. Once they are the most of it, it is made anew. */
  async #forgetGone(): Promise<void> {
    if (this.#looked) return; // while others look up, nothing is forgotten
    this.#looked = true;
    let gone = 0;
    for (const pack of this.index.packs) if (!this.#present.has(pack)) gone++;
    if (gone > Math.max(MIN_GONE, this.#present.size)) await this.index.clear();
  }

  /** Footers of packs, read a few ahead; what cannot be read is noted and left out. */
  async *#readFooters(packs: readonly PackId[], taken: Taken): AsyncGenerator<NewPack> {
    const read = (pack: PackId | undefined) =>
      pack === undefined ? undefined : settled(readPackTail(this.objects, pack));
    const ahead = packs.slice(0, FOOTERS_AHEAD).map(read);
    for (const [i, pack] of packs.entries()) {
      const { value, error } = (await ahead.shift())!;
      ahead.push(read(packs[i + FOOTERS_AHEAD]));
      if (value !== undefined) {
        this.trust?.noteSigner(pack, value.signer);
        taken.entries += value.footer.lengths.length;
        yield { id: pack, footer: value.footer };
      } else if (!(error instanceof StoreError)) throw error;
      else if (error.code === 'object-missing')
        this.#leave(pack); // gc took it since it was listed
      else taken.unreadable.push({ pack, error });
    }
  }

  #leave(pack: PackId): void {
    if (this.#present.delete(pack) && !this.#condemned.has(pack)) this.#departures++;
  }

  #giveUp(pack: PackId, error: StoreError): void {
    this.#unreadable.set(pack, error);
    if (this.#toldUnreadable.has(pack)) return;
    this.#toldUnreadable.add(pack);
    this.warn({ code: 'object-skipped', message: error.message });
  }

  /** Why some pack cannot be read now that may be whole: what is found nowhere may stand in it, and is not lost. */
  get unreadable(): StoreError | undefined {
    for (const error of this.#unreadable.values()) if (error.code !== 'object-damaged') return error;
    return undefined;
  }

  /** Memory that footers take. */
  get footerBytes(): number {
    return this.#footers.bytes;
  }

  /** How many packs gc condemned or took away so far: entries that were found in them are found elsewhere now. */
  get departures(): number {
    return this.#departures;
  }

  get present(): ReadonlySet<PackId> {
    return this.#present;
  }

  /** Takes in a pack that this process has just written. */
  async addOwn(tail: PackTail): Promise<void> {
    this.#present.add(tail.id);
    this.#ownSinceListing.add(tail.id);
    this.trust?.noteOwn(tail.id);
    const footer = new FooterTable(tail);
    this.#footers.keep(footer);
    this.#footers.touch(footer);
    try {
      await this.index.add(tail.id, tail.footer, { fresh: true });
    } catch (error) {
      // The pack is durable, the index is not what a store lives on: the next process takes the pack in.
      this.warn({
        code: 'index-unusable',
        message: `The chunk index cannot be written: ${messageOf(error)}`,
      });
    }
  }

  /**
   * Where the entry lies whose id stands in `ids` at byte `at`.
   *
   * @param wrong a copy that was found bad: another one is looked for
   */
  async find(ids: Buffer, at: number, sought: Sought, wrong?: Iterable<PackId>): Promise<Home | undefined> {
    return this.findKept(ids, at, sought, wrong) ?? (await this.#findIndexed(ids, at, sought, wrong));
  }

  /** As `find`, from footers in memory alone. */
  findKept(ids: Buffer, at: number, sought: Sought, wrong?: Iterable<PackId>): Home | undefined {
    for (const footer of this.#footers.recent) {
      const ordinal = footer.kind === sought.kind ? footer.find(ids, at) : -1;
      if (ordinal < 0 || !this.#serves(footer.pack, sought) || isAmong(footer.pack, wrong)) continue;
      this.#footers.touch(footer);
      return { footer, ordinal };
    }
    return undefined;
  }

  /** As `find`, unless a footer has to be read for it. */
  findNow(ids: Buffer, at: number, sought: Sought): Home | undefined | 'unread' {
    const kept = this.findKept(ids, at, sought);
    if (kept !== undefined) return kept;
    for (const place of this.#inOrder(this.index.find(ids, at))) {
      if (!this.#serves(place.pack, sought)) continue;
      const footer = this.#footers.get(place.pack);
      if (footer === undefined) return 'unread';
      if (footer.kind !== sought.kind || !footer.holds(place.ordinal, ids, at)) continue;
      this.#footers.touch(footer);
      return { footer, ordinal: place.ordinal };
    }
    return undefined;
  }

  /**
   * Packs that together hold all that an image needs, all of them there and sound: undefined where this index has not
   * seen the image captured, or one of its packs is gone or condemned. gc waits for a lease that names the image before
   * it takes data away, but what it condemned before that lease it may take: whoever relied on the pack would be refused.
   */
  coverOf(image: PubId): ReadonlySet<PackId> | undefined {
    const packs = this.index.coverOf(image);
    return packs !== undefined && this.areHomes(packs) ? new Set(packs) : undefined;
  }

  async #findIndexed(
    ids: Buffer,
    at: number,
    sought: Sought,
    wrong: Iterable<PackId> | undefined,
  ): Promise<Home | undefined> {
    for (const place of this.#inOrder(this.index.find(ids, at))) {
      if (!this.#serves(place.pack, sought) || isAmong(place.pack, wrong)) continue;
      const again = this.#footers.has(place.pack);
      const footer = await this.footer(place.pack);
      if (footer?.kind !== sought.kind || !footer.holds(place.ordinal, ids, at)) continue;
      if (!this.#serves(place.pack, sought)) continue; // now it is known who signed it
      if (again) this.#footers.touch(footer); // once is no neighbourhood
      return { footer, ordinal: place.ordinal };
    }
    return undefined;
  }

  /** What may be gone soon, or may not be there at all, is the last that a reader takes. */
  #inOrder(places: readonly Place[]): readonly Place[] {
    if (places.length < 2) return places;
    const rank = ({ pack }: Place) =>
      this.#damaged.has(pack) ? 3 : this.#isDoubted(pack) ? 2 : this.#condemned.has(pack) ? 1 : 0;
    return [...places].sort((a, b) => rank(a) - rank(b));
  }

  #serves(pack: PackId, sought: Sought): boolean {
    if (!this.#present.has(pack) || this.#unreadable.has(pack)) return false;
    if (sought.homeless) return true;
    return !(this.#condemned.has(pack) || this.#damaged.has(pack) || this.#isDoubted(pack));
  }

  #isDoubted(pack: PackId): boolean {
    return this.trust?.isTrusted(pack) === false;
  }

  /** Whether all of these are there, and homes of what they hold. */
  areHomes(packs: Iterable<PackId>): boolean {
    for (const pack of packs) if (!this.#serves(pack, ENTRY_HOMES)) return false;
    return true;
  }

  /** The footer of a pack, read at most once while it stays in memory; undefined when it cannot be had. */
  async footer(pack: PackId): Promise<FooterTable | undefined> {
    const kept = this.#footers.get(pack);
    if (kept !== undefined) {
      this.#footers.freshen(kept);
      return kept;
    }
    try {
      const tail = await readPackTail(this.objects, pack);
      this.trust?.noteSigner(pack, tail.signer);
      const footer = new FooterTable(tail);
      this.#footers.keep(footer);
      return footer;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.code === 'object-missing') this.#leave(pack);
      else this.#giveUp(pack, error);
      return undefined;
    }
  }
}

function isAmong(pack: PackId, wrong: Iterable<PackId> | undefined): boolean {
  if (wrong === undefined) return false;
  for (const other of wrong) if (other === pack) return true;
  return false;
}
