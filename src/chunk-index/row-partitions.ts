/**
 * Sorts more rows than memory should hold: they are spread over 256 partitions by the first byte of their keys, in a
 * file without a name that goes with its process. A partition is sorted in memory.
 *
 * Memory: 8 MiB while rows come, then 1/256 of all rows (1.2 MiB of 20 million).
 */
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { ENTRY_BYTES, MAX_SORTED_ROWS } from './entry-rows.js';

const PARTITIONS = 256;
const BLOCK_ROWS = 2048;
const BLOCK_BYTES = BLOCK_ROWS * ENTRY_BYTES;

export class RowPartitions {
  readonly #filling = Buffer.allocUnsafeSlow(PARTITIONS * BLOCK_BYTES);
  /** Bytes of the block being filled, per partition. */
  readonly #filled = new Uint32Array(PARTITIONS);
  /** Numbers of the full blocks in the file, per partition. */
  readonly #blocks: number[][] = Array.from({ length: PARTITIONS }, () => []);
  #written = 0;

  private constructor(private readonly file: FileHandle) {}

  static async create(path: string): Promise<RowPartitions> {
    const file = await open(path, 'w+');
    await unlink(path);
    return new RowPartitions(file);
  }

  async add(rows: Buffer): Promise<void> {
    for (let at = 0; at < rows.length; at += ENTRY_BYTES) {
      const partition = rows[at]!;
      const start = partition * BLOCK_BYTES;
      rows.copy(this.#filling, start + this.#filled[partition]!, at, at + ENTRY_BYTES);
      this.#filled[partition]! += ENTRY_BYTES;
      if (this.#filled[partition] === BLOCK_BYTES) await this.#write(partition, start);
    }
  }

  async #write(partition: number, start: number): Promise<void> {
    await this.file.write(this.#filling, start, BLOCK_BYTES, this.#written * BLOCK_BYTES);
    this.#blocks[partition]!.push(this.#written++);
    this.#filled[partition] = 0;
  }

  /** In the order of their first bytes; one that is too large to be sorted at once comes in pieces. */
  async *partitions(): AsyncGenerator<{
    readonly rows: Buffer;
    readonly number: number;
    readonly piece: number;
  }> {
    const blocksPerPiece = Math.floor(MAX_SORTED_ROWS / BLOCK_ROWS) - 1;
    for (let number = 0; number < PARTITIONS; number++) {
      const blocks = this.#blocks[number]!;
      for (let piece = 0; piece === 0 || piece * blocksPerPiece < blocks.length; piece++) {
        const some = blocks.slice(piece * blocksPerPiece, (piece + 1) * blocksPerPiece);
        yield { rows: await this.#read(number, some, piece === 0), number, piece };
      }
    }
  }

  async #read(partition: number, blocks: readonly number[], withRest: boolean): Promise<Buffer> {
    const rest = withRest ? this.#filled[partition]! : 0;
    const rows = Buffer.allocUnsafeSlow(blocks.length * BLOCK_BYTES + rest);
    for (const [i, block] of blocks.entries()) {
      const { bytesRead } = await this.file.read(rows, i * BLOCK_BYTES, BLOCK_BYTES, block * BLOCK_BYTES);
      if (bytesRead !== BLOCK_BYTES) throw new Error('Rows set aside for the chunk index went missing');
    }
    const start = partition * BLOCK_BYTES;
    this.#filling.copy(rows, rows.length - rest, start, start + rest);
    return rows;
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}
