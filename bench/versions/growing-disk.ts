/**
 * A sparse disk whose segments each hold a few blocks of data, apart from each other, so that each block is a chunk of its
 * own; and its later versions, in which some segments have other blocks. A block is 16 random bytes over and over: it
 * takes no space in the store, and what costs time is its place in recipes and footers.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { type Extent, SEGMENT_BYTES } from '../../store-format/index.js';
import { Seeded } from '../seeded.js';

const BLOCK_BYTES = 4096;
const PATTERN_BYTES = 16;

export interface DiskShape {
  readonly segments: number;
  readonly changedSegments: number;
  readonly blocksPerSegment: number;
}

export class GrowingDisk {
  readonly #seeded = new Seeded('bench, versions');

  private constructor(
    readonly path: string,
    private readonly shape: DiskShape,
    private readonly file: FileHandle,
  ) {}

  static async make(path: string, shape: DiskShape): Promise<GrowingDisk> {
    const disk = new GrowingDisk(path, shape, await open(path, 'w'));
    await disk.file.truncate(shape.segments * SEGMENT_BYTES);
    for (let segment = 0; segment < shape.segments; segment++) await disk.#fill(segment);
    return disk;
  }

  /** The next version. @returns what changed */
  async change(): Promise<readonly Extent[]> {
    const changed = new Set<number>();
    while (changed.size < this.shape.changedSegments) changed.add(this.#seeded.integer(this.shape.segments));
    for (const segment of changed) await this.#fill(segment);
    return [...changed]
      .sort((a, b) => a - b)
      .map((segment) => ({ offset: segment * SEGMENT_BYTES, length: SEGMENT_BYTES }));
  }

  async #fill(segment: number): Promise<void> {
    const { blocksPerSegment } = this.shape;
    const step = Math.floor(SEGMENT_BYTES / BLOCK_BYTES / blocksPerSegment) * BLOCK_BYTES;
    for (let block = 0; block < blocksPerSegment; block++) {
      const bytes = Buffer.alloc(BLOCK_BYTES, this.#seeded.media(PATTERN_BYTES));
      await this.file.write(bytes, 0, BLOCK_BYTES, segment * SEGMENT_BYTES + block * step);
    }
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
