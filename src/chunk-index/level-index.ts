/**
 * The chunk index in LevelDB. Three kinds of rows:
 *
 *   "p" PackId (32)             -> pack number u32
 *   "c" PubId (16)             -> PackIds (32 each) that together hold all of the image
 *   "e" first 10 bytes of an id -> places, each pack number u32 and ordinal u16
 *
 * A pack's rows go in by one batch, so a killed process leaves a pack taken in or not. Ten bytes: among 2^40 entries
 * two share a prefix with a chance of about one half; the footer tells them apart.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Level } from 'level';
import { HASH_BYTES, type PackFooter, type PackId, type PubId, toHex } from '../../store-format/index.js';
import type { ChunkIndex, Place } from './chunk-index.js';

const PACK_ROW = 0x70;
const ENTRY_ROW = 0x65;
const COVER_ROW = 0x63;
const PREFIX_BYTES = 10;
const PLACE_BYTES = 6;

/** Rows are random bytes, so LevelDB's compression finds nothing; large files keep a copy by links cheap. */
const OPTIONS = {
  keyEncoding: 'buffer',
  valueEncoding: 'buffer',
  compression: false,
  cacheSize: 16 * 1024 * 1024,
  writeBufferSize: 16 * 1024 * 1024,
  maxFileSize: 32 * 1024 * 1024,
} as const;

export class LevelIndex implements ChunkIndex {
  readonly packs = new Set<PackId>();
  readonly #packOf: PackId[] = [];
  readonly #entryKey = Buffer.alloc(1 + PREFIX_BYTES, ENTRY_ROW);
  #damage: unknown;

  private constructor(
    private readonly folder: string,
    private level: Level<Buffer, Buffer>,
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
  }

  /** The first damage that a look-up met; the index should be made anew. */
  get damage(): unknown {
    return this.#damage;
  }

  async add(pack: PackId, footer: PackFooter, options: { readonly fresh?: boolean } = {}): Promise<void> {
    if (this.packs.has(pack)) return;
    const number = this.#packOf.length;
    const batch = this.level.batch();
    for (let ordinal = 0; ordinal < footer.lengths.length; ordinal++) {
      const key = Buffer.from(this.#keyOf(footer.ids, HASH_BYTES * ordinal));
      const known = options.fresh ? undefined : this.#get(key);
      const value = Buffer.allocUnsafe((known?.length ?? 0) + PLACE_BYTES);
      known?.copy(value);
      value.writeUInt32LE(number, value.length - PLACE_BYTES);
      value.writeUInt16LE(ordinal, value.length - 2);
      batch.put(key, value);
    }
    const numberBytes = Buffer.alloc(4);
    numberBytes.writeUInt32LE(number);
    batch.put(Buffer.concat([Buffer.from([PACK_ROW]), Buffer.from(pack, 'hex')]), numberBytes);
    this.#packOf[number] = pack; // before the write: a second add takes the next number
    await batch.write();
    this.packs.add(pack);
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

  #keyOf(ids: Uint8Array, at: number): Buffer {
    this.#entryKey.set(ids.subarray(at, at + PREFIX_BYTES), 1);
    return this.#entryKey;
  }

  async clear(): Promise<void> {
    await this.level.close();
    await rm(this.folder, { recursive: true, force: true });
    this.packs.clear();
    this.#packOf.length = 0;
    this.#damage = undefined;
    this.level = await openLevel(this.folder);
  }

  async size(): Promise<number> {
    const names = await readdir(this.folder).catch(() => []);
    const sizes = await Promise.all(names.map((name) => stat(join(this.folder, name)).then((s) => s.size)));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  async close(): Promise<void> {
    await this.level.close();
  }
}

function coverKey(image: PubId): Buffer {
  return Buffer.concat([Buffer.of(COVER_ROW), Buffer.from(image, 'hex')]);
}

async function openLevel(folder: string): Promise<Level<Buffer, Buffer>> {
  const { Level } = await import('level');
  const level = new Level<Buffer, Buffer>(folder, OPTIONS);
  await level.open();
  return level;
}
