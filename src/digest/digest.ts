import { createHash } from 'node:crypto';
import { HASH_BYTES, SEGMENT_BYTES } from '../../store-format/index.js';
import { openDiskSource, sourceFailed, streamSource } from '../disks/disk-source.js';
import { SPAN_BYTES, type Span, spansOf } from '../disks/spans.js';
import { systemEnvironment } from '../environment.js';
import { ImageDigest } from '../hashing/image-digest.js';
import { zeroDigest } from '../hashing/zero-digest.js';
import type { DigestResult, OperationOptions, Warning } from '../interface.js';
import { ProgressReport } from '../progress.js';
import { defaultParallelism } from '../workers/default-parallelism.js';
import type { HashResult, Workers } from '../workers/jobs.js';
import { WorkerPool } from '../workers/pool.js';
import { SharedMemory } from '../workers/shared-memory.js';

export interface DigestOptions extends OperationOptions {
  readonly sha256?: boolean;
  readonly parallelism?: number;
  readonly onWarning?: (warning: Warning) => void;
}

/**
 * The digest that an image of this disk has, without a store.
 *
 * @param path a file or block device, or a stream of the disk's bytes
 * @throws StoreError source-missing, source-unreadable, source-shrank
 */
export async function digest(
  path: string | AsyncIterable<Uint8Array>,
  options: DigestOptions = {},
): Promise<DigestResult> {
  const environment = systemEnvironment();
  const started = environment.monotonic();
  const source =
    typeof path === 'string'
      ? await openDiskSource(path, options.onWarning ?? (() => undefined))
      : streamSource(path, 'standard input');
  const workers = new WorkerPool(options.parallelism ?? defaultParallelism());
  const image = new ImageDigest(source.size);
  const sha256 = options.sha256 ? createHash('sha256') : undefined;
  const report = new ProgressReport(environment, options);
  const total = source.size === undefined ? {} : { totalBytes: source.size };
  let size = 0;
  try {
    await hashSpans(source, workers, options.signal, (span, result) => {
      if (result.failure !== undefined) throw sourceFailed(source, result.failure);
      image.add(result.digests);
      sha256?.update(
        span.bytes === undefined ? Buffer.alloc(span.length) : Buffer.from(span.bytes.memory, 0, span.length),
      );
      size += span.length;
      report.tell(() => ({ phase: 'digest', doneBytes: size, ...total }));
    });
  } finally {
    await workers.close();
    await source.close();
  }
  return {
    path: source.path,
    size,
    digest: image.finish(size),
    ...(sha256 === undefined ? {} : { sha256: sha256.digest('hex') }),
    seconds: (environment.monotonic() - started) / 1000,
  };
}

async function hashSpans(
  source: Parameters<typeof spansOf>[0],
  workers: Workers,
  signal: AbortSignal | undefined,
  take: (span: Span, result: HashResult) => void,
): Promise<void> {
  const ahead = 2 * workers.parallelism;
  const memory = new SharedMemory(SPAN_BYTES, ahead + 2);
  const pending: { span: Span; result: Promise<HashResult> }[] = [];
  const takeFirst = async () => {
    const { span, result } = pending[0]!;
    take(span, await result);
    pending.shift();
    if (span.bytes !== undefined) memory.release(span.bytes.memory);
  };
  try {
    for await (const span of spansOf(source, memory, 'fail')) {
      signal?.throwIfAborted();
      pending.push({ span, result: span.bytes === undefined ? hashHole(span) : workers.hash(span.bytes) });
      while (pending.length > ahead) await takeFirst();
    }
    while (pending.length > 0) await takeFirst();
  } finally {
    await Promise.allSettled(pending.map(({ result }) => result));
  }
}

async function hashHole({ length }: Span): Promise<HashResult> {
  const count = Math.ceil(length / SEGMENT_BYTES);
  const digests = new Uint8Array(HASH_BYTES * count);
  for (let i = 0; i < count; i++) {
    digests.set(zeroDigest(Math.min(SEGMENT_BYTES, length - i * SEGMENT_BYTES)), HASH_BYTES * i);
  }
  return { digests, badRanges: [] };
}
