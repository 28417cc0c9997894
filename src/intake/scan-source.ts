/**
 * Reads a source to its end: spans go to the workers a few ahead, results come back in order. Whatever happens, no
 * worker touches a span's memory after this has returned.
 */
import { createHash } from 'node:crypto';
import { appendExtent, EXTENTS_MAX, type Extent, SEGMENT_BYTES } from '../../store-format/index.js';
import type { DiskSource } from '../disks/disk-source.js';
import { SPAN_BYTES, type Span } from '../disks/spans.js';
import { StoreError } from '../errors.js';
import { ImageDigest } from '../hashing/image-digest.js';
import { SharedMemory } from '../workers/shared-memory.js';
import type { ScannedSpan } from './scanned-segment.js';
import type { SpanScan, SpanScanner } from './span-scanner.js';

export interface ScannedSource {
  readonly size: number;
  readonly digest: string;
  readonly sha256?: string;
  readonly badRanges: readonly Extent[];
}

export interface ScanSettings {
  /** Spans being scanned at a time, and spans whose chunks are being compressed. */
  readonly ahead: number;
  /** The source as spans, in order; whoever takes one releases its memory. */
  readonly spans: (memory: SharedMemory) => AsyncIterable<Span>;
  readonly sha256: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Called for each span in order. @returns when its memory may be used again; never rejects */
  readonly onSpan: (span: ScannedSpan) => Promise<{ readonly released: Promise<void> }>;
  /** Called after each span with the bytes done so far. */
  readonly onBytes: (doneBytes: number) => void;
}

interface PendingSpan {
  readonly span: Span;
  readonly scan: Promise<SpanScan>;
}

/** @throws source-unreadable, source-shrank, and what `onSpan` throws */
export async function scanSource(
  source: DiskSource,
  scanner: SpanScanner,
  settings: ScanSettings,
): Promise<ScannedSource> {
  const memory = new SharedMemory(SPAN_BYTES, 2 * settings.ahead + 2);
  const result = new SourceResult(source, settings);
  const pending: PendingSpan[] = [];
  const inUse = new Set<Promise<void>>();
  const finishFirst = async () => {
    const { span, scan } = pending[0]!;
    const { released } = await result.take(span, await scan);
    pending.shift();
    if (span.bytes === undefined) return;
    const { memory: piece } = span.bytes;
    const free = released.then(() => {
      inUse.delete(free);
      memory.release(piece);
    });
    inUse.add(free);
  };
  try {
    for await (const span of settings.spans(memory)) {
      settings.signal?.throwIfAborted();
      pending.push({ span, scan: scanner.scan(span) });
      pending.at(-1)!.scan.catch(() => undefined); // reported when its turn comes
      while (pending.length > settings.ahead) await finishFirst();
    }
    while (pending.length > 0) await finishFirst();
  } finally {
    await Promise.allSettled(pending.map(({ scan }) => scan));
    await Promise.all(inUse);
  }
  return result.finish();
}

const ZEROS = Buffer.alloc(SEGMENT_BYTES);

class SourceResult {
  readonly #digest: ImageDigest;
  readonly #sha256 = createHash('sha256');
  readonly #badRanges: Extent[] = [];
  #size = 0;

  constructor(
    private readonly source: DiskSource,
    private readonly settings: ScanSettings,
  ) {
    this.#digest = new ImageDigest(source.size);
  }

  async take(span: Span, { segments, badRanges }: SpanScan): Promise<{ readonly released: Promise<void> }> {
    for (const { digest } of segments) this.#digest.add(digest);
    if (this.settings.sha256) this.#updateSha256(span);
    const memory = span.bytes?.memory;
    const taken = await this.settings.onSpan({ segments, ...(memory && { memory }) });
    for (const range of badRanges) appendExtent(this.#badRanges, range);
    if (this.#badRanges.length > EXTENTS_MAX) throw tooManyBadRanges(this.source);
    this.#size += span.length;
    this.settings.onBytes(this.#size);
    return taken;
  }

  #updateSha256({ bytes, length }: Span): void {
    if (bytes !== undefined) this.#sha256.update(Buffer.from(bytes.memory, 0, length));
    else {
      for (let at = 0; at < length; at += SEGMENT_BYTES)
        this.#sha256.update(ZEROS.subarray(0, Math.min(SEGMENT_BYTES, length - at)));
    }
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

function tooManyBadRanges({ path }: DiskSource): StoreError {
  const message = `${path} has more than ${EXTENTS_MAX} separate ranges that cannot be read: rescue the disk to a file first`;
  return new StoreError('source-unreadable', message, { path });
}
