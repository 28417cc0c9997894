/**
 * The chunk index in LevelDB. Rows:
 *
 *   "p" PackId (32)             -> pack number u32
 *   "c" PubId (16)             -> PackIds (32 each) that together hold all of the image
 *   "e" first 10 bytes of an id -> places, each pack number u32 and ordinal u16
 *   "n"                         -> pack numbers below this u32 may stand in rows of a filling that was not finished
 *
 * A pack's rows go in by one batch, so a killed process leaves a pack taken in or not. An empty index is filled with
 * all rows in order, pack rows last: what a killed filling leaves behind belongs to no pack.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HASH_BYTES, type PackFooter, type PackId, type PubId, toHex } from '../../store-format/index.js';
import { type AddAllOptions, addOneByOne, type ChunkIndex, type NewPack, type Place } from './chunk-index.js';
import { ENTRY_BYTES, entryRows, haveOneKey, orderRows, PLACE_BYTES, PREFIX_BYTES } from './entry-rows.js';
import { type LevelRows, openLevel, waitForTables } from './level-database.js';
import { RowPartitions } from './row-partitions.js';

const PACK_ROW = 0x70;
const ENTRY_ROW = 0x65;
const COVER_ROW = 0x63;
const RESERVED_KEY = Buffer.from('n');
/** Rows that go to LevelDB in one batch of a filling. */
const BATCH_ROWS = 16384;
/** From so many packs on, sorting all rows first is quicker than adding packs. */
const FILL_PACKS = 16;

type Batch = ReturnType<LevelRows['batch']>;

export class LevelIndex implements ChunkIndex {
  readonly packs = new Set<PackId>();
  readonly #packOf: PackId[] = [];
  #reserved = 0;
  /** LevelDB copies what it is given before a call returns, so one buffer serves all. */
  readonly #entryKey = Buffer.alloc(1 + PREFIX_BYTES, ENTRY_ROW);
  readonly #place = Buffer.alloc(PLACE_BYTES);
  #damage: unknown;
  #changed = false;
  #changes: Promise<unknown> = Promise.resolve();
  #cleared = false;

  private constructor(
    private readonly folder: string,
    private level: LevelRows,
  ) {}

  /** @throws what LevelDB throws when the folder is damaged or in use */
  static async open(folder: string): Promise<LevelIndex> {
    const index = new LevelIndex(folder, await openLevel(folder));
    try {
      await index.#loadPacks();
      return index;
    } catch (error) {
      await index.level.close();
      throw error;
    }
  }

  async #loadPacks(): Promise<void> {
    const range = { gte: Buffer.from([PACK_ROW]), lt: Buffer.from([PACK_ROW + 1]) };
    for await (const [key, value] of this.level.iterator(range)) {
      if (key.length !== 1 + HASH_BYTES || value.length !== 4)
        throw new Error('The chunk index has a strange row');
      const pack = toHex(key.subarray(1)) as PackId;
      this.packs.add(pack);
      this.#packOf[value.readUInt32LE(0)] = pack;
    }
    this.#reserved = (await this.level.get(RESERVED_KEY))?.readUInt32LE(0) ?? 0;
  }

  /** The first damage that a look-up met; the index should be made anew. */
  get damage(): unknown {
    return this.#damage;
  }

  /** Whether anything was added since it was opened. */
  get changed(): boolean {
    return this.#changed;
  }

  /** Whether it was made anew since it was opened. */
  get cleared(): boolean {
    return this.#cleared;
  }

  add(pack: PackId, footer: PackFooter, options: { readonly fresh?: boolean } = {}): Promise<void> {
    return this.#inTurn(() => this.#add(pack, footer, options));
  }

  /** Changes come one after the other: numbers are given once, and nothing is added to what is being cleared. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const run = this.#changes.then(change);
    this.#changes = run.catch(() => undefined);
    return run;
  }

  async #add(pack: PackId, footer: PackFooter, options: { readonly fresh?: boolean }): Promise<void> {
    if (this.packs.has(pack)) return;
    const number = Math.max(this.#packOf.length, this.#reserved);
    const rows = entryRows(footer, number);
    const order = orderRows(rows);
    const batch = this.level.batch();
    this.#putEntries(batch, rows, order, options.fresh ?? false);
    putPack(batch, pack, number);
    this.#packOf[number] = pack; // before the write: a second add takes the next number
    this.#changed = true;
    await batch.write();
    this.packs.add(pack);
  }

  async addAll(packs: AsyncIterable<NewPack>, options: AddAllOptions): Promise<void> {
    const isFilling = this.packs.size === 0 && options.expectedPacks >= FILL_PACKS;
    return isFilling ? this.#inTurn(() => this.#fillWith(packs, options)) : addOneByOne(this, packs, options);
  }

  async #fillWith(packs: AsyncIterable<NewPack>, options: AddAllOptions): Promise<void> {
    // Something may have come in while this waited for its turn; and an unfinished filling may have left rows.
    if (this.packs.size > 0 || this.#reserved > 0) await this.#clear();
    const partitions = await RowPartitions.create(`${this.folder}.rows`);
    try {
      const ids = await spreadRows(partitions, packs, options);
      await this.#fill(partitions, ids, options);
    } finally {
      await partitions.close();
    }
  }

  async #fill(partitions: RowPartitions, ids: readonly PackId[], options: AddAllOptions): Promise<void> {
    this.#changed = true;
    this.#reserved = ids.length;
    await this.level.put(RESERVED_KEY, numberBytes(ids.length));
    for await (const { rows, number, piece } of partitions.partitions()) {
      options.signal?.throwIfAborted();
      const order = orderRows(rows, 1);
      for (let from = 0, to: number; from < order.length; from = to) {
        to = Math.min(from + BATCH_ROWS, order.length);
        while (to < order.length && haveOneKey(rows, order[to - 1]!, order[to]!)) to++;
        const batch = this.level.batch();
        this.#putEntries(batch, rows, order.subarray(from, to), piece === 0);
        await batch.write();
      }
      options.onProgress?.(0.5 + (number + 1) / 512);
    }
    const batch = this.level.batch().del(RESERVED_KEY);
    for (const [number, id] of ids.entries()) putPack(batch, id, number);
    await batch.write();
    this.#reserved = 0;
    for (const [number, id] of ids.entries()) this.#packOf[number] = id;
    for (const id of ids) this.packs.add(id);
  }

  /** @param order numbers of rows, in the order of their keys */
  #putEntries(batch: Batch, rows: Buffer, order: Float64Array, fresh: boolean): void {
    for (let from = 0, to: number; from < order.length; from = to) {
      to = from + 1;
      while (to < order.length && haveOneKey(rows, order[from]!, order[to]!)) to++;
      const key = this.#keyOf(rows, ENTRY_BYTES * order[from]!);
      const known = fresh ? undefined : this.#get(key);
      let at = known?.length ?? 0;
      const bytes = at + PLACE_BYTES * (to - from);
      const value = bytes === PLACE_BYTES ? this.#place : Buffer.allocUnsafe(bytes);
      known?.copy(value);
      for (let i = from; i < to; i++) {
        const place = ENTRY_BYTES * order[i]! + PREFIX_BYTES;
        for (let b = 0; b < PLACE_BYTES; b++) value[at++] = rows[place + b]!;
      }
      batch.put(key, value);
    }
  }

  find(ids: Uint8Array, at: number): readonly Place[] {
    const value = this.#get(this.#keyOf(ids, at));
    if (value === undefined) return [];
    const places: Place[] = [];
    for (let i = 0; i + PLACE_BYTES <= value.length; i += PLACE_BYTES) {
      const pack = this.#packOf[value.readUInt32LE(i)];
      if (pack !== undefined) places.push({ pack, ordinal: value.readUInt16LE(i + 4) });
    }
    return places;
  }

  async addCover(image: PubId, packs: readonly PackId[]): Promise<void> {
    this.#changed = true;
    await this.level.put(coverKey(image), Buffer.from(packs.join(''), 'hex'));
  }

  coverOf(image: PubId): readonly PackId[] | undefined {
    const value = this.#get(coverKey(image));
    if (value === undefined) return undefined;
    return Array.from(
      { length: value.length / HASH_BYTES },
      (_, i) => toHex(value.subarray(HASH_BYTES * i, HASH_BYTES * (i + 1))) as PackId,
    );
  }

  /** What cannot be read is not known: the worst that follows is a second copy. */
  #get(key: Buffer): Buffer | undefined {
    try {
      return this.level.getSync(key);
    } catch (error) {
      this.#damage ??= error;
      return undefined;
    }
  }

  #keyOf(bytes: Uint8Array, at: number): Buffer {
    for (let i = 0; i < PREFIX_BYTES; i++) this.#entryKey[1 + i] = bytes[at + i]!;
    return this.#entryKey;
  }

  clear(): Promise<void> {
    return this.#inTurn(() => this.#clear());
  }

  async #clear(): Promise<void> {
    await this.level.close();
    await rm(this.folder, { recursive: true, force: true });
    this.packs.clear();
    this.#packOf.length = 0;
    this.#reserved = 0;
    this.#damage = undefined;
    this.#cleared = true;
    this.level = await openLevel(this.folder);
  }

  async size(): Promise<number> {
    const names = await readdir(this.folder).catch(() => []);
    const sizes = await Promise.all(names.map((name) => stat(join(this.folder, name)).then((s) => s.size)));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  async close(): Promise<void> {
    if (this.#changed) await waitForTables(this.level).catch(() => undefined); // on a full disk the log keeps the rows
    await this.level.close();
  }
}

function coverKey(image: PubId): Buffer {
  return Buffer.concat([Buffer.of(COVER_ROW), Buffer.from(image, 'hex')]);
}

async function spreadRows(
  partitions: RowPartitions,
  packs: AsyncIterable<NewPack>,
  { expectedPacks, signal, onProgress }: AddAllOptions,
): Promise<readonly PackId[]> {
  const ids: PackId[] = [];
  for await (const { id, footer } of packs) {
    signal?.throwIfAborted();
    await partitions.add(entryRows(footer, ids.length));
    ids.push(id);
    onProgress?.(Math.min(1, ids.length / expectedPacks) / 2);
  }
  return ids;
}

function putPack(batch: Batch, pack: PackId, number: number): void {
  batch.put(Buffer.concat([Buffer.from([PACK_ROW]), Buffer.from(pack, 'hex')]), numberBytes(number));
}

function numberBytes(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes;
}
