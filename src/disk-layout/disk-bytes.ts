/**
 * Foreign bytes, read so that nothing in them can do harm. Every number a probe takes from a disk ends up as an offset or
 * a length here, so here is the one place that bounds them.
 *
 * - `DiskBytes` reads whole pages at aligned offsets (which devices like), keeps some of them, and turns what cannot be
 *   read into a note and `undefined`. It never throws.
 * - `Volume` is the window on one partition, or on the whole disk. It answers only what lies inside it, at most
 *   MAX_READ_BYTES at once, and gives up after a budget of pages: a loop in a file allocation table ends there.
 */

import type { ByteReader } from './byte-reader.js';
import type { Notes } from './notes.js';

/** A page of most file systems; bad sectors take at most this much with them. */
export const PAGE_BYTES = 4096;
/** 1 MiB of kept pages in all. */
const MAX_KEPT_PAGES = 256;
/** The longest field any probe needs at once: the 112 KiB name-value list of a ZFS label. */
export const MAX_READ_BYTES = 128 * 1024;
/** Pages that one volume may cost: 2 MiB. All probes together touch about 20 on an honest volume. */
const MAX_PAGES_PER_VOLUME = 512;
/** Pages that one disk may cost: 128 MiB, room for 1,024 honest partitions. */
const MAX_PAGES_PER_DISK = 32_768;

export class DiskBytes {
  readonly #reader: ByteReader;
  readonly #notes: Notes;
  readonly #pages = new Map<number, Buffer>();
  #pagesLeft = MAX_PAGES_PER_DISK;

  constructor(reader: ByteReader, notes: Notes) {
    this.#reader = reader;
    this.#notes = notes;
  }

  get size(): number {
    return this.#reader.size;
  }

  /** The page that starts at `page * PAGE_BYTES`: short at the end of the disk, empty where it cannot be read. */
  async page(page: number): Promise<Buffer> {
    const kept = this.#pages.get(page);
    if (kept) return kept;
    const bytes = await this.#readPage(page * PAGE_BYTES);
    if (this.#pages.size >= MAX_KEPT_PAGES) this.#pages.clear();
    this.#pages.set(page, bytes);
    return bytes;
  }

  async #readPage(offset: number): Promise<Buffer> {
    const length = Math.min(PAGE_BYTES, this.#reader.size - offset);
    if (!(length > 0)) return Buffer.alloc(0);
    if (this.#pagesLeft-- <= 0) {
      this.#notes.add('Recognition gave up: this disk asks for more reading than any honest one');
      return Buffer.alloc(0);
    }
    try {
      const bytes = await this.#reader.read(offset, length);
      return Buffer.from(bytes.subarray(0, length));
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'read error';
      this.#notes.add(`Could not read at byte ${offset}, so what lies there was not recognised: ${reason}`);
      return Buffer.alloc(0);
    }
  }
}

export class Volume {
  readonly size: number;
  readonly #disk: DiskBytes;
  readonly #start: number;
  #pagesLeft = MAX_PAGES_PER_VOLUME;

  constructor(disk: DiskBytes, start = 0, size = disk.size) {
    this.#disk = disk;
    this.#start = start;
    this.size = size;
  }

  /** Exactly `length` bytes from `offset` on, or undefined if they are not all inside, readable and within budget. */
  async bytes(offset: number, length: number): Promise<Buffer | undefined> {
    if (!Number.isSafeInteger(offset) || offset < 0 || !(length > 0) || length > MAX_READ_BYTES)
      return undefined;
    if (offset + length > this.size || this.#start + offset + length > this.#disk.size) return undefined;
    const from = this.#start + offset;
    const first = Math.floor(from / PAGE_BYTES);
    const last = Math.floor((from + length - 1) / PAGE_BYTES);
    this.#pagesLeft -= last - first + 1;
    if (this.#pagesLeft < 0) return undefined;
    const pages: Buffer[] = [];
    for (let page = first; page <= last; page++) pages.push(await this.#disk.page(page));
    if (pages.slice(0, -1).some((page) => page.length < PAGE_BYTES)) return undefined;
    const joined = pages.length === 1 ? pages[0]! : Buffer.concat(pages);
    const at = from - first * PAGE_BYTES;
    return joined.length >= at + length ? joined.subarray(at, at + length) : undefined;
  }

  /** The same for a 64-bit offset as it stands on a disk. */
  bytesAt(offset: bigint, length: number): Promise<Buffer | undefined> {
    return offset < BigInt(this.size) ? this.bytes(Number(offset), length) : Promise.resolve(undefined);
  }
}
