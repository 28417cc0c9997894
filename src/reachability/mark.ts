/**
 * Mark: which entries of which packs the roots need. Evidence comes from the manifests, pages, recipes and footers that
 * this run reads; the chunk index has no say. Each page and recipe is read once in a pass, and a pass is needed for
 * each range of ids that fills the table, so that memory stays flat:
 *
 *   manifests -> ids of pages and extent lists -> pages -> ids of recipes -> recipes -> ids of chunks
 */
import {
  decodePage,
  decodeRecipe,
  EntryKind,
  FormatError,
  HASH_BYTES,
  type PackId,
  PackKind,
  type PubId,
} from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import type { OperationOptions } from '../interface.js';
import { Bits } from './bits.js';
import { ID_WORDS, IdRanges, IdTable, idWords } from './id-table.js';
import { type BadEntry, MetaEntries } from './meta-entries.js';
import type { Manifests } from './roots.js';
import type { NumberedPack, Survey } from './survey.js';

/** Rows of the table: about 56 bytes each. */
export const TABLE_ROWS = 1_500_000;

export interface MarkParts {
  readonly engine: Engine;
  readonly survey: Survey;
  readonly manifests: Manifests;
  readonly roots: ReadonlySet<PubId>;
  /** Takes what a root needs and no pack gives; what it does not throw for is passed over. */
  readonly onMissing: (kind: EntryKind, id: Uint8Array) => void;
  /** Copies that are known to be bad count for nothing. */
  readonly isBad?: (pack: PackId, ordinal: number) => boolean;
  /** Told as footers, pages and recipes are read: 0 to 1, over again for each pass. */
  readonly onShare?: (share: number) => void;
  /** Rows of the table, for tests of several passes. */
  readonly tableRows?: number;
}

/** Ids that follow each other in one buffer, with what they are ids of. */
interface IdRun {
  readonly kind: EntryKind;
  readonly ids: Buffer;
}

export class Mark {
  /** Every copy of an entry that a root needs. */
  readonly #needed: Bits;
  /** Of these copies one: the one that stays, if the others go. */
  readonly #kept: Bits;
  readonly #entries: MetaEntries;
  readonly survey: Survey;

  private constructor(
    private readonly parts: MarkParts,
    private readonly options: OperationOptions,
  ) {
    this.survey = parts.survey;
    this.#needed = new Bits(parts.survey.entries);
    this.#kept = new Bits(parts.survey.entries);
    this.#entries = new MetaEntries(parts.engine, parts.survey);
  }

  /**
   * @throws object-missing, object-damaged, object-unreadable for a manifest or pack that cannot be read, and whatever
   *   `onMissing` throws
   */
  static async of(parts: MarkParts, options: OperationOptions): Promise<Mark> {
    const mark = new Mark(parts, options);
    await mark.#markAll(PackKind.meta, () => mark.#idsInManifests());
    await mark.#markAll(PackKind.meta, () => mark.#idsIn(EntryKind.page, EntryKind.recipe));
    await mark.#markAll(PackKind.data, () => mark.#idsIn(EntryKind.recipe, EntryKind.chunk));
    return mark;
  }

  /** The images whose entries are marked. */
  get roots(): ReadonlySet<PubId> {
    return this.parts.roots;
  }

  /** What other images need of the same packs. */
  ofOthers(roots: ReadonlySet<PubId>): Promise<Mark> {
    return Mark.of({ ...this.parts, roots }, this.options);
  }

  isNeeded(pack: NumberedPack, ordinal: number): boolean {
    return this.#needed.has(pack.first + ordinal);
  }

  isKept(pack: NumberedPack, ordinal: number): boolean {
    return this.#kept.has(pack.first + ordinal);
  }

  async #markAll(kind: PackKind, ids: () => AsyncIterable<IdRun>): Promise<void> {
    const { survey, tableRows = TABLE_ROWS } = this.parts;
    const count = survey.entriesOf(kind);
    const table = new IdTable(Math.min(count, tableRows) + 1);
    // Ids are hashes, so ranges fill evenly; a range that is fuller than the table is cut in two.
    let ranges = IdRanges.of(count, Math.max(1, Math.floor(0.9 * tableRows)));
    for (let range = 0; range < ranges.count; range++) {
      if (!(await this.#fill(table, kind, ranges, range))) {
        ranges = ranges.halved();
        range = 2 * range - 1;
        continue;
      }
      for await (const run of ids()) this.#markRun(table, ranges, range, run);
    }
  }

  /** @returns false when the range has more entries than the table has rows */
  async #fill(table: IdTable, kind: PackKind, ranges: IdRanges, range: number): Promise<boolean> {
    table.clear();
    const { isBad } = this.parts;
    for (const pack of this.survey.packs) {
      if (pack.kind !== kind) continue;
      this.options.signal?.throwIfAborted();
      this.parts.onShare?.(pack.first / this.survey.entries);
      const ids = idWords((await this.survey.footers.read(pack.id)).ids);
      for (let ordinal = 0, at = 0; ordinal < pack.entries; ordinal++, at += ID_WORDS) {
        if (ranges.rangeOf(ids, at) !== range || isBad?.(pack.id, ordinal)) continue;
        if (table.isFull) return false;
        table.add(ids, at, pack.first + ordinal);
      }
    }
    return true;
  }

  #markRun(table: IdTable, ranges: IdRanges, range: number, { kind, ids }: IdRun): void {
    const words = idWords(ids);
    for (let at = 0; at < words.length; at += ID_WORDS) {
      if (ranges.rangeOf(words, at) !== range) continue;
      const row = table.find(words, at);
      if (row >= 0) this.#markRow(table, row);
      else this.parts.onMissing(kind, ids.subarray(4 * at, 4 * at + HASH_BYTES));
    }
  }

  #markRow(table: IdTable, first: number): void {
    if (this.#needed.has(table.entryOf(first))) return;
    let kept = table.entryOf(first);
    for (let row = first; row >= 0; row = table.next(row)) {
      this.#needed.add(table.entryOf(row));
      kept = Math.min(kept, table.entryOf(row));
    }
    this.#kept.add(kept);
  }

  async *#idsInManifests(): AsyncGenerator<IdRun> {
    for (const id of this.parts.roots) {
      this.options.signal?.throwIfAborted();
      const manifest = await this.parts.manifests.read(id);
      if (manifest === undefined) continue;
      yield { kind: EntryKind.page, ids: Buffer.concat(manifest.pageIds) };
      for (const { kind, id } of manifest.attachments)
        yield { kind: kind as EntryKind, ids: Buffer.from(id) };
    }
  }

  /** Ids in the pages or recipes that were marked. */
  async *#idsIn(
    container: typeof EntryKind.page | typeof EntryKind.recipe,
    kind: EntryKind,
  ): AsyncGenerator<IdRun> {
    const bad: BadEntry[] = [];
    for await (const bytes of this.#entries.read(container, this.#kept, bad, this.options.signal))
      yield { kind, ids: idsOf(container, bytes) };
    for (const entry of bad) {
      const other = await this.#entries.readElsewhere(container, entry);
      if (other === undefined) this.parts.onMissing(container, entry.id);
      else {
        this.#kept.delete(entry.entry); // no good copy goes for a bad one
        this.#kept.add(other.entry);
        yield { kind, ids: idsOf(container, other.bytes) };
      }
    }
  }
}

function idsOf(container: typeof EntryKind.page | typeof EntryKind.recipe, bytes: Buffer): Buffer {
  try {
    const ids = container === EntryKind.page ? decodePage(bytes).recipeIds : decodeRecipe(bytes).ids;
    return Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new StoreError(
      'object-damaged',
      `An entry that an image needs makes no sense: ${cause.message}`,
      {},
      { cause },
    );
  }
}
