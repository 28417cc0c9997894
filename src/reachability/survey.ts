/**
 * The packs of a store as one run of gc or scrub sees them: listed, their footers read in this run, their entries numbered
 * through. Footers stay in memory while there is room; others are read again when they are needed.
 */
import {
  DamagedSchema,
  damagedKey,
  type LeaseId,
  type PackId,
  PackKind,
  packKey,
} from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import { readRecord } from '../objects/numbered-records.js';
import type { ObjectStore } from '../objects/object-store.js';
import { FooterTable, type ReadFooter } from '../packs/footer-table.js';
import { listPacks, type PackListing } from '../packs/list-packs.js';
import { PackTrust } from '../packs/pack-trust.js';
import { readPackTail } from '../packs/read-tail.js';
import { mapConcurrently } from '../system/map-concurrently.js';

const CACHE_BYTES = 64 * 1024 * 1024;
const READS_AHEAD = 4;

/** What is kept of every pack. */
export interface SurveyedPack {
  readonly id: PackId;
  readonly kind: PackKind;
  /** The lease under which it was written. */
  readonly lease: LeaseId;
  readonly entries: number;
  readonly packBytes: number;
  /** Public key of whoever signed it, in a store with keys. */
  readonly signer?: string;
  /** Nothing has a home in it: it is condemned or damaged. */
  readonly homeless: boolean;
  /** What its footer claims is not believed unread. */
  readonly doubted: boolean;
}

type PackFacts = Omit<SurveyedPack, 'homeless' | 'doubted'>;

/** A pack with the numbers of its entries: `first` and those that follow. */
export interface NumberedPack extends SurveyedPack {
  readonly first: number;
}

export interface SurveyOptions {
  /** Packs in which nothing has a home, besides those that the store says so of. */
  readonly suspects?: ReadonlySet<PackId>;
  /** Told of packs whose footers are damaged, but for those that a repair has emptied. */
  readonly onUnreadable: (pack: PackId, error: StoreError) => void;
  /** Packs whose footers cannot be read now are told as well: for those who look and delete nothing. */
  readonly onlyLooks?: boolean;
}

/** Footers of packs, which never change: read at most once while there is room. */
export class Footers {
  readonly #kept = new Map<PackId, FooterTable>();
  readonly #facts = new Map<PackId, PackFacts>();
  readonly #adopted = new Map<PackId, ReadFooter>();
  #bytes = 0;

  constructor(private readonly engine: Engine) {}

  /** Takes these for the footers of packs whose own cannot be read. */
  adopt(tail: ReadFooter): void {
    this.#adopted.set(tail.id, tail);
  }

  /** @throws object-missing, object-damaged, object-unreadable */
  async read(pack: PackId): Promise<FooterTable> {
    const kept = this.#kept.get(pack);
    if (kept !== undefined) return kept;
    const adopted = this.#adopted.get(pack);
    const tail = adopted ?? (await readPackTail(this.engine.objects, pack));
    const footer = new FooterTable(tail);
    const { kind, lease } = tail.footer;
    const { packBytes, signer } = tail;
    const entries = footer.lengths.length;
    this.#facts.set(pack, { id: pack, kind, lease, entries, packBytes, ...(signer && { signer }) });
    const fits = this.#bytes + footer.memoryBytes <= CACHE_BYTES;
    if ((fits || adopted !== undefined) && !this.#kept.has(pack)) {
      this.#kept.set(pack, footer);
      this.#bytes += footer.memoryBytes;
    }
    return footer;
  }

  async facts(pack: PackId): Promise<PackFacts> {
    if (!this.#facts.has(pack)) await this.read(pack);
    return this.#facts.get(pack)!;
  }
}

export class Survey {
  private constructor(
    readonly listing: PackListing,
    /** Those first whose copies of an entry are kept rather than others. */
    readonly packs: readonly NumberedPack[],
    readonly footers: Footers,
  ) {}

  /** @throws object-unreadable, unless one only looks: it may be whole tomorrow */
  static async take(
    engine: Engine,
    footers: Footers,
    { suspects, onUnreadable, onlyLooks }: SurveyOptions,
  ): Promise<Survey> {
    const listing = await listPacks(engine.objects);
    const trust = PackTrust.of(engine.objects);
    await trust?.refresh();
    const packs: SurveyedPack[] = [];
    const add = async (id: PackId) => {
      const homeless = listing.condemned.has(id) || listing.damaged.has(id) || suspects?.has(id) === true;
      const facts = await footers.facts(id);
      trust?.noteSigner(id, facts.signer);
      packs.push({ ...facts, homeless, doubted: trust?.isTrusted(id) === false });
    };
    await mapConcurrently([...listing.present], READS_AHEAD, async (id) => {
      try {
        await add(id);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        if (error.code === 'object-missing') return; // unlinked meanwhile, by another gc
        if (error.code === 'object-unreadable' && onlyLooks) return onUnreadable(id, error);
        if (error.code !== 'object-damaged') throw error;
        if (!(await isGivenUp(engine.objects, listing, id))) return onUnreadable(id, error);
        footers.adopt(await emptied(engine, id));
        await add(id);
      }
    });
    return new Survey(listing, numbered(inOrderOfChoice(packs)), footers);
  }

  get entries(): number {
    const last = this.packs.at(-1);
    return last === undefined ? 0 : last.first + last.entries;
  }

  entriesOf(kind: PackKind): number {
    return this.packs.reduce((sum, pack) => sum + (pack.kind === kind ? pack.entries : 0), 0);
  }

  get packBytes(): number {
    return this.packs.reduce((sum, pack) => sum + pack.packBytes, 0);
  }
}

/**
 * Whether a repair has set the pack aside. Where objects are signed, its name in `damaged/` is not enough: anybody who may add
 * objects could have a pack deleted that a repair would save something of.
 */
async function isGivenUp(objects: ObjectStore, { damaged }: PackListing, id: PackId): Promise<boolean> {
  if (!damaged.has(id) || objects.vault === undefined) return damaged.has(id);
  try {
    await readRecord(objects, damagedKey(id), 'damaged', DamagedSchema);
    return true;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return false;
  }
}

/** A pack that a repair was done with, footer and all: it holds nothing that anybody looks for there. */
async function emptied({ objects }: Engine, id: PackId): Promise<ReadFooter> {
  const none = new Uint8Array(0);
  const lease = '' as LeaseId;
  const footer = {
    kind: PackKind.data,
    salt: none,
    lease,
    frames: [],
    lengths: new Uint32Array(0),
    ids: none,
  };
  return { id, footer, packBytes: (await objects.size(packKey(id))) ?? 0 };
}

/**
 * Of an entry that two captures stored at the same time, one copy stays: always in the packs of the same one, so
 * that the other's packs empty. What may be a lie is chosen last: the copy that goes for it would have to be made anew.
 */
function inOrderOfChoice(packs: readonly SurveyedPack[]): SurveyedPack[] {
  const bytesOf = new Map<LeaseId, number>();
  for (const { lease, packBytes } of packs) bytesOf.set(lease, (bytesOf.get(lease) ?? 0) + packBytes);
  return [...packs].sort(
    (a, b) =>
      Number(a.homeless) - Number(b.homeless) ||
      Number(a.doubted) - Number(b.doubted) ||
      bytesOf.get(b.lease)! - bytesOf.get(a.lease)! ||
      compareText(a.lease, b.lease) ||
      compareText(a.id, b.id),
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function numbered(packs: readonly SurveyedPack[]): NumberedPack[] {
  let first = 0;
  return packs.map((pack) => {
    const numberedPack = { ...pack, first };
    first += pack.entries;
    return numberedPack;
  });
}
