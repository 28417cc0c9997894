/** Reads what is to be captured, with the user's commands around it. */
import type { Extent } from '../../store-format/index.js';
import { type DiskSource, openDiskSource, streamSource } from '../disks/disk-source.js';
import type { Engine } from '../engine/engine.js';
import { messageOf } from '../errors.js';
import type { CaptureOptions, Progress } from '../interface.js';
import { ProgressReport } from '../progress.js';
import { runHook } from './hooks.js';
import type { ImageWriter } from './image-writer.js';
import { type ScannedSource, scanSource } from './scan-source.js';

export type CaptureSource = string | AsyncIterable<Uint8Array>;

/** What was captured, before it is an image. */
export interface Captured {
  readonly source: DiskSource;
  readonly scanned: ScannedSource;
  readonly writer: ImageWriter;
}

/** `--after` runs whatever happens, and as soon as nothing more is read. */
export async function readSource(
  engine: Engine,
  from: CaptureSource,
  writer: ImageWriter,
  options: CaptureOptions,
): Promise<Captured> {
  const runAfter = async () => {
    if (options.after !== undefined) await runHook('after', options.after);
  };
  let captured: Captured;
  try {
    if (options.before !== undefined) await runHook('before', options.before);
    captured = await readOpened(engine, from, writer, options);
  } catch (error) {
    // The first failure is the one to report; that `after` failed as well is a warning.
    await runAfter().catch((second: unknown) =>
      engine.warn({ code: 'hook-failed', message: messageOf(second) }),
    );
    throw error;
  }
  await runAfter();
  return captured;
}

async function readOpened(
  engine: Engine,
  from: CaptureSource,
  writer: ImageWriter,
  options: CaptureOptions,
): Promise<Captured> {
  const source =
    typeof from === 'string'
      ? await openDiskSource(from, engine.warn)
      : streamSource(from, options.sourceName ?? 'standard input');
  try {
    const scanned = await scanInto(engine, source, writer, options);
    if (scanned.badRanges.length > 0) warnOfBadRanges(engine, source, scanned.badRanges);
    return { source, scanned, writer };
  } finally {
    await source.close();
  }
}

async function scanInto(
  engine: Engine,
  source: DiskSource,
  writer: ImageWriter,
  options: CaptureOptions,
): Promise<ScannedSource> {
  const report = new ProgressReport(engine.environment, options);
  const progress = (doneBytes: number): Progress => {
    const { newBytes, sharedBytes, zeroBytes } = writer.counts;
    const total = source.size === undefined ? {} : { totalBytes: source.size };
    return { phase: 'capture', doneBytes, ...total, newBytes, sharedBytes, zeroBytes };
  };
  const scanned = await scanSource(source, engine.workers, {
    chunker: engine.config.chunker,
    onReadError: options.onReadError ?? 'fail',
    sha256: options.sha256 ?? false,
    signal: options.signal,
    onSegment: ({ recipeId, digest, recipe }, bytes) => writer.addSegment(recipeId, digest, recipe, bytes),
    onBytes: (doneBytes) => report.tell(() => progress(doneBytes)),
  });
  report.finish(progress(scanned.size));
  return scanned;
}

function warnOfBadRanges(engine: Engine, source: DiskSource, ranges: readonly Extent[]): void {
  engine.warn({
    code: 'source-read-errors',
    message: `${sumOfLengths(ranges)} bytes of ${source.path} in ${ranges.length} ranges could not be read and are zeros in the image`,
  });
}

export function sumOfLengths(ranges: readonly Extent[]): number {
  return ranges.reduce((sum, { length }) => sum + length, 0);
}
