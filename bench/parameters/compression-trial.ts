/**
 * One way to compress, over all batches of chunks: what is stored, what compressing and decompressing cost, and what a
 * small random read costs, which decompresses a whole frame for one chunk.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { compressBound, decompressFrame } from '../../src/compression/zstd.js';
import { blake3 } from '../../src/hashing/blake3.js';
import type { FrameCodec } from '../../store-format/index.js';
import { Seeded } from '../seeded.js';
import type { ChunkBatch } from './chunk-batches.js';
import type { CompressFrame } from './frame-codecs.js';

const READS_PER_BATCH = 64;
const READ_BYTES = 4096;

export interface CompressionSettings {
  readonly name: string;
  readonly frameBytes: number;
  readonly compress: CompressFrame;
}

export interface CompressionFigures {
  readonly name: string;
  readonly plainBytes: number;
  readonly storedBytes: number;
  /** CPU. */
  readonly compressSeconds: number;
  readonly decompressSeconds: number;
  /** CPU of one read of 4 KiB somewhere, from the page cache: read a frame, decompress it, check the chunk. */
  readonly readSeconds: number;
}

interface StoredFrame {
  readonly codec: FrameCodec;
  /** First of its chunks, and the first that is not its. */
  readonly chunks: readonly [from: number, to: number];
  readonly plainStart: number;
  readonly plainBytes: number;
  readonly storedStart: number;
  readonly storedBytes: number;
}

export class CompressionTrial {
  readonly #figures = { plainBytes: 0, storedBytes: 0, compressSeconds: 0, decompressSeconds: 0 };
  readonly #seeded = new Seeded('bench, random reads');
  #readSeconds = 0;
  #reads = 0;
  #stored = Buffer.alloc(0);
  #plain = Buffer.alloc(0);

  /** @param file for the frames of a batch; does not exist */
  constructor(
    private readonly settings: CompressionSettings,
    private readonly file: string,
  ) {}

  async add(batch: ChunkBatch): Promise<void> {
    this.#makeRoom(batch.bytes.length);
    const [frames, compressSeconds] = cpuTimed(() => this.#compress(batch));
    const [, decompressSeconds] = cpuTimed(() => this.#decompress(frames));
    if (this.#plain.compare(batch.bytes, 0, batch.bytes.length, 0, batch.bytes.length) !== 0) {
      throw new Error(`${this.settings.name}: decompressed to other bytes`);
    }
    this.#figures.plainBytes += batch.bytes.length;
    this.#figures.storedBytes += frames.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
    this.#figures.compressSeconds += compressSeconds;
    this.#figures.decompressSeconds += decompressSeconds;
    await this.#readRandomly(batch, frames);
  }

  #makeRoom(plainBytes: number): void {
    const frames = Math.ceil(plainBytes / this.settings.frameBytes);
    const storedBytes = compressBound(plainBytes) + 2 * (frames + 1) * compressBound(1);
    if (this.#stored.length < storedBytes) this.#stored = Buffer.alloc(storedBytes); // filled: its pages are there
    if (this.#plain.length < plainBytes) this.#plain = Buffer.alloc(plainBytes);
  }

  #compress({ bytes, ends }: ChunkBatch): readonly StoredFrame[] {
    const frames: StoredFrame[] = [];
    let storedStart = 0;
    for (let from = 0; from < ends.length; ) {
      const plainStart = ends[from - 1] ?? 0;
      let to = from + 1;
      while (to < ends.length && ends[to]! - plainStart <= this.settings.frameBytes) to++;
      const plain = bytes.subarray(plainStart, ends[to - 1]!);
      const frame = this.settings.compress(plain, this.#stored.subarray(storedStart));
      if (frame.bytes.buffer !== this.#stored.buffer) this.#stored.set(frame.bytes, storedStart);
      frames.push({
        codec: frame.codec,
        chunks: [from, to],
        plainStart,
        plainBytes: plain.length,
        storedStart,
        storedBytes: frame.bytes.length,
      });
      storedStart += frame.bytes.length;
      from = to;
    }
    return frames;
  }

  #decompress(frames: readonly StoredFrame[]): void {
    for (const { codec, plainStart, plainBytes, storedStart, storedBytes } of frames) {
      const out = this.#plain.subarray(plainStart, plainStart + plainBytes);
      const stored = this.#stored.subarray(storedStart, storedStart + storedBytes);
      const plain = decompressFrame(codec, stored, plainBytes, out);
      if (plain.buffer !== out.buffer) out.set(plain);
    }
  }

  async #readRandomly({ ends }: ChunkBatch, frames: readonly StoredFrame[]): Promise<void> {
    const last = frames.at(-1)!;
    const fd = openSync(this.file, 'wx+');
    try {
      const length = last.storedStart + last.storedBytes;
      for (let done = 0; done < length; ) done += writeSync(fd, this.#stored, done, length - done);
      const chunks = Array.from({ length: READS_PER_BATCH }, () => this.#seeded.integer(ends.length));
      const frameOf = chunks.map((chunk) => frames.find(({ chunks: [, to] }) => chunk < to)!);
      const stored = Buffer.alloc(Math.max(...frames.map(({ storedBytes }) => storedBytes)));
      const [, seconds] = cpuTimed(() => {
        for (const [i, frame] of frameOf.entries()) this.#read(fd, frame, chunks[i]!, ends, stored);
      });
      this.#readSeconds += seconds;
      this.#reads += chunks.length;
    } finally {
      closeSync(fd);
      await rm(this.file);
    }
  }

  /** @returns up to 4 KiB of a chunk */
  #read(fd: number, frame: StoredFrame, chunk: number, ends: readonly number[], stored: Buffer): Uint8Array {
    const { codec, plainStart, plainBytes, storedStart, storedBytes } = frame;
    if (readSync(fd, stored, 0, storedBytes, storedStart) !== storedBytes) throw new Error('A short read');
    const plain = decompressFrame(codec, stored.subarray(0, storedBytes), plainBytes, this.#plain);
    const start = (ends[chunk - 1] ?? 0) - plainStart;
    const bytes = plain.subarray(start, ends[chunk]! - plainStart);
    blake3(bytes);
    return Uint8Array.prototype.slice.call(bytes, 0, READ_BYTES);
  }

  finish(): CompressionFigures {
    return { name: this.settings.name, ...this.#figures, readSeconds: this.#readSeconds / this.#reads };
  }
}

function cpuTimed<Result>(work: () => Result): readonly [Result, number] {
  const start = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(start);
  return [result, (user + system) / 1e6];
}
