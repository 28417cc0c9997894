/**
 * Reads a source to its end: spans go to the workers a few ahead, results come back in order. Whatever happens, no
 * worker touches a span's memory after this has returned.
 */
import { createHash } from 'node:crypto';
import {
  appendExtent,
  type ChunkerParameters,
  type Extent,
  HASH_BYTES,
  SEGMENT_BYTES,
} from '../../store-format/index.js';
import { createChunker, scanZeroSegment } from '../chunking/scan-segment.js';
import { type DiskSource, sourceFailed } from '../disks/disk-source.js';
import { SPAN_BYTES, type Span, spansOf } from '../disks/spans.js';
import { blake3 } from '../hashing/blake3.js';
import { ImageDigest } from '../hashing/image-digest.js';
import type { ScanResult, Workers } from '../workers/jobs.js';
import { SharedMemory } from '../workers/shared-memory.js';

export interface ScannedSource {
  readonly size: number;
  readonly digest: string;
  readonly sha256?: string;
  readonly badRanges: readonly Extent[];
}

export interface ScanSettings {
  readonly chunker: ChunkerParameters;
  readonly onReadError: 'fail' | 'zero';
  readonly sha256: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Called for each segment in order; `bytes` is undefined for a hole, and good until the promise resolves. */
  readonly onSegment: (segment: SegmentFound, bytes: Uint8Array | undefined) => Promise<void>;
  /** Called after each span with the bytes done so far. */
  readonly onBytes: (doneBytes: number) => void;
}

export interface SegmentFound {
  readonly recipeId: Buffer;
  readonly digest: Uint8Array;
  readonly recipe: Buffer;
}

interface PendingSpan {
  readonly span: Span;
  readonly result: Promise<ScanResult>;
}

/** @throws source-unreadable, source-shrank, and what `onSegment` throws */
export async function scanSource(
  source: DiskSource,
  workers: Workers,
  settings: ScanSettings,
): Promise<ScannedSource> {
  const ahead = 2 * workers.parallelism + 2;
  const memory = new SharedMemory(SPAN_BYTES, ahead + 2);
  const scan = new SourceScan(source, settings);
  const pending: PendingSpan[] = [];
  const finishFirst = async () => {
    const { span, result } = pending[0]!;
    await scan.take(span, await result);
    pending.shift();
    if (span.bytes !== undefined) memory.release(span.bytes.memory);
  };
  try {
    for await (const span of spansOf(source, memory, settings.onReadError)) {
      settings.signal?.throwIfAborted();
      pending.push({ span, result: scan.start(span, workers) });
      while (pending.length > ahead) await finishFirst();
    }
    while (pending.length > 0) await finishFirst();
  } finally {
    await Promise.allSettled(pending.map(({ result }) => result));
  }
  return scan.finish();
}

const ZEROS = Buffer.alloc(SEGMENT_BYTES);

class SourceScan {
  readonly #digest: ImageDigest;
  readonly #sha256 = createHash('sha256');
  readonly #badRanges: Extent[] = [];
  readonly #chunker;
  #size = 0;

  constructor(
    private readonly source: DiskSource,
    private readonly settings: ScanSettings,
  ) {
    this.#digest = new ImageDigest(source.size);
    this.#chunker = createChunker(settings.chunker, blake3);
  }

  start(span: Span, workers: Workers): Promise<ScanResult> {
    const { chunker } = this.settings;
    if (span.bytes !== undefined) return workers.scan({ ...span.bytes, chunker });
    return Promise.resolve(this.#scanHole(span));
  }

  /** A hole's recipes follow from its length. */
  #scanHole(span: Span): ScanResult {
    const count = Math.ceil(span.length / SEGMENT_BYTES);
    const segments = new Uint32Array(3 * count);
    const parts: Uint8Array[] = [];
    for (let i = 0; i < count; i++) {
      const length = Math.min(SEGMENT_BYTES, span.length - i * SEGMENT_BYTES);
      const { recipe, digest } = scanZeroSegment(length, this.#chunker);
      segments.set([length, recipe.bytes.length, 1], 3 * i);
      parts.push(recipe.id, digest, recipe.bytes);
    }
    return { segments, bytes: Buffer.concat(parts), badRanges: [] };
  }

  async take(span: Span, result: ScanResult): Promise<void> {
    if (result.failure !== undefined) throw sourceFailed(this.source, result.failure);
    const { segments } = result;
    const columns = Buffer.from(result.bytes.buffer, result.bytes.byteOffset, result.bytes.byteLength);
    const plain = span.bytes === undefined ? undefined : Buffer.from(span.bytes.memory, 0, span.length);
    let at = 0;
    let start = 0;
    for (let i = 0; i < segments.length; i += 3) {
      const length = segments[i]!;
      const recipeAt = at + 2 * HASH_BYTES;
      const recipe = columns.subarray(recipeAt, recipeAt + segments[i + 1]!);
      const digest = columns.subarray(at + HASH_BYTES, recipeAt);
      const bytes = segments[i + 2] === 1 ? undefined : plain?.subarray(start, start + length);
      this.#digest.add(digest);
      if (this.settings.sha256) this.#sha256.update(bytes ?? ZEROS.subarray(0, length));
      await this.settings.onSegment(
        { recipeId: columns.subarray(at, at + HASH_BYTES), digest, recipe },
        bytes,
      );
      at = recipeAt + recipe.length;
      start += length;
    }
    for (const range of result.badRanges) appendExtent(this.#badRanges, range);
    this.#size += span.length;
    this.settings.onBytes(this.#size);
  }

  finish(): ScannedSource {
    return {
      size: this.#size,
      digest: this.#digest.finish(this.#size),
      ...(this.settings.sha256 ? { sha256: this.#sha256.digest('hex') } : {}),
      badRanges: this.#badRanges,
    };
  }
}
