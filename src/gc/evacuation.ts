/**
 * Evacuation: whatever roots need of packs that are to go gets a home that this run has read, in a pack that stays.
 *
 *   [1] look for the needed entries in the footers of the packs that stay
 *   [2] decode and hash those copies: a copy is dropped only for one that was read (SPEC.md, I11)
 *   [3] copy what has no good home, one copy of each, to new packs
 *   [4] where a copy was bad, try the others
 *
 * Done before packs are condemned it is the copying (SPEC.md, section 13, step 5). Done again with a listing that began
 * after they were condemned, it is the look for homes and the rescue (step 9).
 */
import { type EntryKind, HASH_BYTES, type LeaseId, type PackId, PackKind } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import type { FooterTable } from '../packs/footer-table.js';
import { listPacks } from '../packs/list-packs.js';
import { Bits } from '../reachability/bits.js';
import { checkChunks, readStored, type WantedFrame, wantedFrames } from '../reachability/check-frames.js';
import type { CheckedCopies } from '../reachability/checked-copies.js';
import { Copier } from '../reachability/copier.js';
import { ID_WORDS, IdRanges, IdTable, idWords } from '../reachability/id-table.js';
import type { LostEntries } from '../reachability/lost-entries.js';
import { type Mark, TABLE_ROWS } from '../reachability/mark.js';
import { checkedEntry, readPlainFrame } from '../reachability/meta-entries.js';
import type { Footers, NumberedPack } from '../reachability/survey.js';
import { mapConcurrently } from '../system/map-concurrently.js';

export interface EvacuationParts {
  readonly engine: Engine;
  readonly lease: LeaseId;
  readonly mark: Mark;
  readonly footers: Footers;
  readonly checked: CheckedCopies;
  readonly lost: LostEntries;
  readonly signal?: AbortSignal | undefined;
  /** Stored bytes of frames that were copied. */
  readonly onBytes?: (bytes: number) => void;
  /** Rows of the table, for tests of several passes. */
  readonly tableRows?: number;
}

export interface EvacuationResult {
  /** Packs that hold what roots need of those that go. */
  readonly homes: ReadonlySet<PackId>;
  /** Packs that hold something that is needed and can be read nowhere: they must stay. */
  readonly stuck: ReadonlySet<PackId>;
  /** Entries that had to be copied, and bytes of the packs that were written for them. */
  readonly copied: number;
  readonly writtenBytes: number;
}

/** @param going packs of the mark's survey */
export async function evacuate(
  parts: EvacuationParts,
  going: readonly NumberedPack[],
): Promise<EvacuationResult> {
  return new Evacuation(parts, going).run();
}

class Evacuation {
  /** By the mark's numbers: needed entries of packs that go which have a good home in a pack that stays. */
  readonly #homed: Bits;
  readonly #toCopy: Bits;
  readonly #bad: Bits;
  readonly #badIds: Buffer[] = [];
  readonly #homes = new Set<PackId>();
  readonly #goingById: ReadonlyMap<PackId, NumberedPack>;
  #copied = 0;

  constructor(
    private readonly parts: EvacuationParts,
    private readonly going: readonly NumberedPack[],
  ) {
    const { entries } = parts.mark.survey;
    this.#homed = new Bits(entries);
    this.#toCopy = new Bits(entries);
    this.#bad = new Bits(entries);
    this.#goingById = new Map(going.map((pack) => [pack.id, pack]));
  }

  async run(): Promise<EvacuationResult> {
    const { condemned, damaged, present } = await listPacks(this.parts.engine.objects);
    const isHome = (id: PackId) => !condemned.has(id) && !damaged.has(id) && !this.#goingById.has(id);
    const staying = [...present].filter(isHome);
    for (const kind of [PackKind.meta, PackKind.data]) await this.#findHomes(kind, staying); // [1] [2]
    const { engine, lease, checked, signal, onBytes } = this.parts;
    const copier = new Copier({
      engine,
      lease,
      onPack: async ({ id }) => checked.addOwn(id),
      signal,
      onBytes: onBytes ?? (() => undefined),
      onBad: (footer, ordinal) => this.#noteBad(footer, ordinal),
    });
    try {
      for (const pack of this.going) await this.#copy(copier, pack); // [3]
      await copier.finish();
      const stuck = await this.#tryOtherCopies(copier); // [4]
      for (const pack of stuck) this.#warnOfStuck(pack);
      return { homes: this.#homes, stuck, copied: this.#copied, writtenBytes: copier.writtenBytes };
    } catch (error) {
      await copier.abort();
      throw error;
    }
  }

  async #findHomes(kind: PackKind, staying: readonly PackId[]): Promise<void> {
    const { mark, tableRows = TABLE_ROWS } = this.parts;
    const going = this.going.filter((pack) => pack.kind === kind);
    let needed = 0;
    for (const pack of going) for (let i = 0; i < pack.entries; i++) if (mark.isNeeded(pack, i)) needed++;
    if (needed === 0) return;
    const table = new IdTable(Math.min(needed, tableRows));
    let ranges = IdRanges.of(needed, Math.max(1, Math.floor(0.9 * tableRows)));
    for (let range = 0; range < ranges.count; range++) {
      if (!(await this.#fill(table, going, ranges, range))) {
        ranges = ranges.halved();
        range = 2 * range - 1;
        continue;
      }
      for (const pack of staying) await this.#findHomesIn(pack, kind, table);
      this.#chooseCopies(table);
    }
  }

  /** @returns false when the range has more entries than the table has rows */
  async #fill(
    table: IdTable,
    going: readonly NumberedPack[],
    ranges: IdRanges,
    range: number,
  ): Promise<boolean> {
    table.clear();
    for (const pack of going) {
      const ids = idWords((await this.parts.footers.read(pack.id)).ids);
      for (let ordinal = 0; ordinal < pack.entries; ordinal++) {
        const at = ID_WORDS * ordinal;
        if (!this.parts.mark.isNeeded(pack, ordinal) || ranges.rangeOf(ids, at) !== range) continue;
        if (table.isFull) return false;
        table.add(ids, at, pack.first + ordinal);
      }
    }
    return true;
  }

  async #findHomesIn(id: PackId, kind: PackKind, table: IdTable): Promise<void> {
    const { footers, checked } = this.parts;
    const footer = await this.#footerOf(id);
    if (footer === undefined || (await footers.facts(id)).kind !== kind) return;
    const ids = idWords(footer.ids);
    const unread = new Set<number>();
    for (let ordinal = 0; ordinal < footer.lengths.length; ordinal++) {
      const row = table.find(ids, ID_WORDS * ordinal);
      if (row < 0 || this.#homed.has(table.entryOf(row))) continue;
      if (checked.has(id, ordinal)) this.#noteHome(table, id, row);
      else unread.add(ordinal);
    }
    if (unread.size === 0) return;
    const frames = [...wantedFrames(footer, (ordinal) => unread.has(ordinal))];
    const { parallelism } = this.parts.engine.workers;
    await mapConcurrently(frames, 2 * parallelism, async (wanted) => {
      this.parts.signal?.throwIfAborted();
      const bad = await this.#check(wanted);
      for (const ordinal of wanted.ordinals) {
        if (bad.has(ordinal)) continue;
        checked.add(id, footer.lengths.length, ordinal);
        this.#noteHome(table, id, table.find(ids, ID_WORDS * ordinal));
      }
    });
  }

  /** @returns undefined for a pack that another gc has just unlinked, and for one whose footer is damaged */
  async #footerOf(id: PackId): Promise<FooterTable | undefined> {
    try {
      return await this.parts.footers.read(id);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.code === 'object-missing' || error.code === 'object-damaged') return undefined;
      throw error;
    }
  }

  async #check(wanted: WantedFrame): Promise<ReadonlySet<number>> {
    const { engine } = this.parts;
    const { footer, frame, ordinals } = wanted;
    if (footer.kind === PackKind.data) {
      const stored = await readStored(engine.objects, wanted);
      return (await checkChunks(engine, [wanted], [stored], { kind: 'none' }))[0]!;
    }
    const plain = await readPlainFrame(engine.objects, footer, frame);
    const isGood = (i: number) =>
      plain !== undefined && checkedEntry(engine, footer, plain, i, frame.kind) !== undefined;
    return new Set(ordinals.filter((ordinal) => !isGood(ordinal)));
  }

  /** @param first row of the entry */
  #noteHome(table: IdTable, home: PackId, first: number): void {
    this.#homes.add(home);
    for (let row = first; row >= 0; row = table.next(row)) this.#homed.add(table.entryOf(row));
  }

  /** One copy of each entry that has no home. */
  #chooseCopies(table: IdTable): void {
    for (const first of table.firstRows()) {
      let chosen = table.entryOf(first);
      if (this.#homed.has(chosen)) continue;
      for (let row = first; row >= 0; row = table.next(row)) chosen = Math.min(chosen, table.entryOf(row));
      this.#toCopy.add(chosen);
      this.#copied++;
    }
  }

  async #copy(copier: Copier, pack: NumberedPack): Promise<void> {
    if (!this.#toCopy.hasAny(pack.first, pack.entries)) return;
    const footer = await this.parts.footers.read(pack.id);
    await copier.copy(footer, (ordinal) => this.#toCopy.has(pack.first + ordinal));
  }

  #noteBad(footer: FooterTable, ordinal: number): void {
    this.#bad.add(this.#goingById.get(footer.pack)!.first + ordinal);
    this.#badIds.push(Buffer.from(footer.ids.subarray(HASH_BYTES * ordinal, HASH_BYTES * (ordinal + 1))));
  }

  /** @returns packs that hold what cannot be read anywhere */
  async #tryOtherCopies(copier: Copier): Promise<ReadonlySet<PackId>> {
    const stuck = new Set<PackId>();
    while (this.#badIds.length > 0) {
      for (const id of this.#badIds.splice(0)) {
        const holders = await this.#holdersOf(id);
        const untried = holders.find(({ pack, ordinal }) => !this.#bad.has(pack.first + ordinal));
        if (untried === undefined) {
          const excused = holders.every(({ kind }) => this.parts.lost.excuses(kind, id));
          if (!excused) for (const { pack } of holders) stuck.add(pack.id);
        } else await copier.copy(untried.footer, (ordinal) => ordinal === untried.ordinal);
      }
      await copier.finish();
    }
    return stuck;
  }

  #warnOfStuck(pack: PackId): void {
    const message = `Pack ${pack.slice(0, 12)}… holds something that an image needs and that cannot be read: gc leaves it where it is; "doppel verify --all" tells which images it hurts`;
    this.parts.engine.warn({ code: 'pack-damaged', message });
  }

  /** Packs that go and hold the entry. */
  async #holdersOf(id: Buffer) {
    const holders: { pack: NumberedPack; footer: FooterTable; ordinal: number; kind: EntryKind }[] = [];
    for (const pack of this.going) {
      const footer = await this.parts.footers.read(pack.id);
      const ordinal = footer.find(id, 0);
      if (ordinal < 0 || !this.parts.mark.isNeeded(pack, ordinal)) continue;
      const { kind } = footer.frames[footer.frameOf[ordinal]!]!;
      holders.push({ pack, footer, ordinal, kind });
    }
    return holders;
  }
}
