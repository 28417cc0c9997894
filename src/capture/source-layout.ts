/**
 * The layout of a disk whose image cannot be read back: from the source itself. A stream is looked at as it goes by: of what has
 * come so far the recognition is asked which segments it would want to see, and these are kept when they come. So it finds what
 * it would find on a disk, unless it has to go back.
 */
import { read as readCallback } from 'node:fs';
import { promisify } from 'node:util';
import { SEGMENT_BYTES } from '../../store-format/index.js';
import { type ByteReader, type DiskLayout, readDiskLayout } from '../disk-layout/index.js';
import type { DiskSource } from '../disks/disk-source.js';
import type { ScannedSpan } from '../intake/scanned-segment.js';

const readAt = promisify(readCallback);

/** Segments that are kept at most, besides the last ones: room for more partitions than disks have. */
const MAX_KEPT = 64;
/** Superblocks at a volume's end lie in these. */
const LAST_KEPT = 2;
/** The size of a stream is known when it has ended. */
const UNKNOWN_SIZE = 2 ** 52;

export interface SourceLayout {
  /** Call it for each span, before its memory serves for anything else. */
  pass(span: ScannedSpan): Promise<void>;
  finish(size: number): Promise<DiskLayout>;
}

export function sourceLayout({ fd }: DiskSource, onReadError: 'fail' | 'zero'): SourceLayout {
  return fd === undefined ? new PassingLayout() : new OpenLayout(fd, onReadError);
}

class OpenLayout implements SourceLayout {
  constructor(
    private readonly fd: number,
    private readonly onReadError: 'fail' | 'zero',
  ) {}

  async pass(): Promise<void> {}

  finish(size: number): Promise<DiskLayout> {
    return readDiskLayout({ size, read: (offset, length) => this.#read(offset, length) });
  }

  async #read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = Buffer.alloc(length);
    try {
      const { bytesRead } = await readAt(this.fd, bytes, 0, length, offset);
      return bytes.subarray(0, bytesRead);
    } catch (error) {
      if (this.onReadError === 'zero') return bytes; // as it stands in the image
      throw error;
    }
  }
}

class PassingLayout implements SourceLayout {
  readonly #kept = new Map<number, Buffer>();
  readonly #wanted = new Set<number>([0]);
  /** The last ones, oldest first. */
  readonly #last: { readonly number: number; readonly bytes: Buffer }[] = [];

  async pass({ segments, memory }: ScannedSpan): Promise<void> {
    const first = segments[0]?.number ?? 0;
    for (const { number, length } of segments) {
      const bytes = Buffer.alloc(length);
      if (memory !== undefined) bytes.set(new Uint8Array(memory, (number - first) * SEGMENT_BYTES, length));
      this.#last.push({ number, bytes });
      if (this.#last.length > LAST_KEPT) this.#last.shift();
      if (!this.#wanted.has(number) || this.#kept.size >= MAX_KEPT) continue;
      this.#kept.set(number, bytes);
      await readDiskLayout(this.#reader(UNKNOWN_SIZE)); // tells what is wanted next
    }
  }

  finish(size: number): Promise<DiskLayout> {
    return readDiskLayout(this.#reader(size));
  }

  #reader(size: number): ByteReader {
    return {
      size,
      read: async (offset, length) => {
        const number = Math.floor(offset / SEGMENT_BYTES);
        const bytes = this.#kept.get(number) ?? this.#last.find((kept) => kept.number === number)?.bytes;
        const at = offset - number * SEGMENT_BYTES;
        if (bytes !== undefined) return bytes.subarray(at, at + length); // pages do not cross segments
        this.#wanted.add(number);
        throw new Error('the stream had gone by');
      },
    };
  }
}
