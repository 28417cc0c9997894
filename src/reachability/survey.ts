/**
 * The packs of a store as one run of gc sees them: listed, their footers read in this run, their entries numbered
 * through. Footers stay in memory while there is room; others are read again when they are needed.
 */
import type { LeaseId, PackId, PackKind } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { messageOf, StoreError } from '../errors.js';
import { FooterTable } from '../packs/footer-table.js';
import { listPacks, type PackListing } from '../packs/list-packs.js';
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
  /** Nothing has a home in it: it is condemned or damaged. */
  readonly homeless: boolean;
}

/** A pack with the numbers of its entries: `first` and those that follow. */
export interface NumberedPack extends SurveyedPack {
  readonly first: number;
}

/** Footers of packs, which never change: read at most once while there is room. */
export class Footers {
  readonly #kept = new Map<PackId, FooterTable>();
  readonly #facts = new Map<PackId, Omit<SurveyedPack, 'homeless'>>();
  #bytes = 0;

  constructor(private readonly engine: Engine) {}

  /** @throws object-missing, object-damaged, object-unreadable */
  async read(pack: PackId): Promise<FooterTable> {
    const kept = this.#kept.get(pack);
    if (kept !== undefined) return kept;
    const tail = await readPackTail(this.engine.objects, pack);
    const footer = new FooterTable(tail);
    const { kind, lease } = tail.footer;
    const { packBytes } = tail;
    this.#facts.set(pack, { id: pack, kind, lease, entries: footer.lengths.length, packBytes });
    if (this.#bytes + footer.memoryBytes <= CACHE_BYTES && !this.#kept.has(pack)) {
      this.#kept.set(pack, footer);
      this.#bytes += footer.memoryBytes;
    }
    return footer;
  }

  async facts(pack: PackId): Promise<Omit<SurveyedPack, 'homeless'>> {
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
    /** Packs whose footers cannot be read: nothing has a home there, and nobody knows what they hold. */
    readonly unreadable: ReadonlySet<PackId>,
  ) {}

  static async take(engine: Engine, footers: Footers): Promise<Survey> {
    const listing = await listPacks(engine.objects);
    const unreadable = new Set<PackId>();
    const packs: SurveyedPack[] = [];
    await mapConcurrently([...listing.present], READS_AHEAD, async (id) => {
      try {
        const homeless = listing.condemned.has(id) || listing.damaged.has(id);
        packs.push({ ...(await footers.facts(id)), homeless });
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        if (error.code === 'object-missing') return; // unlinked meanwhile, by another gc
        if (error.code !== 'object-damaged') throw error;
        unreadable.add(id);
        engine.warn({ code: 'pack-damaged', message: `gc leaves a pack alone: ${messageOf(error)}` });
      }
    });
    return new Survey(listing, numbered(inOrderOfChoice(packs)), footers, unreadable);
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
 * Of an entry that two captures stored at the same time, one copy stays: always in the packs of the same one, so
 * that the other's packs empty.
 */
function inOrderOfChoice(packs: readonly SurveyedPack[]): SurveyedPack[] {
  const bytesOf = new Map<LeaseId, number>();
  for (const { lease, packBytes } of packs) bytesOf.set(lease, (bytesOf.get(lease) ?? 0) + packBytes);
  return [...packs].sort(
    (a, b) =>
      Number(a.homeless) - Number(b.homeless) ||
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
