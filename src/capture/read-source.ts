/** Reads what is to be captured, with the user's commands around it. */
import { type Extent, SEGMENT_BYTES } from '../../store-format/index.js';
import type { DiskLayout } from '../disk-layout/index.js';
import { type DiskSource, openDiskSource, streamSource } from '../disks/disk-source.js';
import { type Span, spansOf } from '../disks/spans.js';
import type { Engine } from '../engine/engine.js';
import { messageOf } from '../errors.js';
import type { ImageWriter } from '../intake/image-writer.js';
import type { Parent } from '../intake/parent.js';
import { type ScannedSource, scanSource } from '../intake/scan-source.js';
import { SpanScanner } from '../intake/span-scanner.js';
import type { CaptureOptions, Progress } from '../interface.js';
import { ProgressReport } from '../progress.js';
import type { SharedMemory } from '../workers/shared-memory.js';
import { ChangedRanges } from './changed-ranges.js';
import { changedSpans, findUnsaidChange } from './changed-spans.js';
import { runHook } from './hooks.js';
import type { SourceLayout } from './source-layout.js';

export type CaptureSource = string | AsyncIterable<Uint8Array>;

/** What was captured, before it is an image. */
export interface Captured {
  readonly source: DiskSource;
  readonly scanned: ScannedSource;
  readonly writer: ImageWriter;
  readonly parent: Parent | undefined;
  /** Of a source whose image cannot be read back. */
  readonly layout?: DiskLayout;
}

/** Opens the source for `read`. `--after` runs whatever happens, and as soon as nothing more is read. */
export async function withSource<T>(
  engine: Engine,
  from: CaptureSource,
  options: CaptureOptions,
  read: (source: DiskSource) => Promise<T>,
): Promise<T> {
  const runAfter = async () => {
    if (options.after !== undefined) await runHook('after', options.after);
  };
  let result: T;
  try {
    if (options.before !== undefined) await runHook('before', options.before);
    result = await withOpened(engine, from, options, read);
  } catch (error) {
    // The first failure is the one to report; that `after` failed as well is a warning.
    await runAfter().catch((second: unknown) =>
      engine.warn({ code: 'hook-failed', message: messageOf(second) }),
    );
    throw error;
  }
  await runAfter();
  return result;
}

async function withOpened<T>(
  engine: Engine,
  from: CaptureSource,
  options: CaptureOptions,
  read: (source: DiskSource) => Promise<T>,
): Promise<T> {
  const source =
    typeof from === 'string'
      ? await openDiskSource(from, engine.warn)
      : streamSource(from, options.sourceName ?? 'standard input');
  try {
    return await read(source);
  } finally {
    await source.close();
  }
}

/**
 * All of the source into the writer.
 *
 * @param layout takes the layout from the source
 * @throws source-unreadable, source-shrank
 */
export async function readInto(
  writer: ImageWriter,
  engine: Engine,
  source: DiskSource,
  parent: Parent | undefined,
  options: CaptureOptions,
  layout?: SourceLayout,
): Promise<Captured> {
  const { workers } = engine;
  const report = new ProgressReport(engine.environment, options);
  const progress = (doneBytes: number): Progress => {
    const { newBytes, sharedBytes, zeroBytes } = writer.counts;
    const total = source.size === undefined ? {} : { totalBytes: source.size };
    return { phase: 'capture', doneBytes, ...total, newBytes, sharedBytes, zeroBytes };
  };
  const scanner = new SpanScanner(source, workers, engine, parent);
  const scanned = await scanSource(source, scanner, {
    ahead: 2 * workers.parallelism + 2,
    spans: await chooseSpans(engine, source, parent, options),
    sha256: options.sha256 ?? false,
    signal: options.signal,
    onSpan: async (span) => {
      await layout?.pass(span);
      return writer.addSpan(span);
    },
    onBytes: (doneBytes) => report.tell(() => progress(doneBytes)),
  });
  report.finish(progress(scanned.size));
  if (scanned.badRanges.length > 0) warnOfBadRanges(engine, source, scanned.badRanges);
  const found = layout && { layout: await layout.finish(scanned.size) };
  return { source, scanned, writer, parent, ...found };
}

type MakeSpans = (memory: SharedMemory) => AsyncIterable<Span>;

/** Only what has changed, if the parent can stand for the rest; else all of the source. */
async function chooseSpans(
  engine: Engine,
  source: DiskSource,
  parent: Parent | undefined,
  options: CaptureOptions,
): Promise<MakeSpans> {
  const onReadError = options.onReadError ?? 'fail';
  const readAll: MakeSpans = (memory) => spansOf(source, memory, onReadError);
  if (options.changedRanges === undefined) return readAll;
  const size = source.size!;
  const parentSize = parent?.header.size ?? 0;
  const ranges = [...options.changedRanges];
  if (size !== parentSize) {
    const lastCommon = Math.max(0, Math.min(size, parentSize) - 1); // in a segment that ends elsewhere
    ranges.push({ offset: lastCommon, length: size - lastCommon });
  }
  const changed = new ChangedRanges(ranges, size);
  const doubt = await findDoubt(engine, source, parent, changed, options);
  if (doubt === undefined) return (memory) => changedSpans(source, parent!, changed, memory, onReadError);
  engine.warn({ code: 'changed-ranges-unusable', message: `All of ${source.path} is read: ${doubt}` });
  return readAll;
}

/** Why the list of changes cannot be relied on. */
async function findDoubt(
  engine: Engine,
  source: DiskSource,
  parent: Parent | undefined,
  changed: ChangedRanges,
  { signal, onReadError = 'fail' }: CaptureOptions,
): Promise<string | undefined> {
  if (!(await parent?.lookUpAll(signal))) return 'the parent cannot be read in full';
  if (parent!.header.badBytes > 0) return 'parts of the parent stand as zeros because they could not be read';
  const { workers, environment } = engine;
  const number = await findUnsaidChange(source, parent!, changed, workers, environment.random, onReadError);
  if (number === undefined) return undefined;
  return `it has changed at byte ${number * SEGMENT_BYTES}, which is not in the list of changed ranges`;
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
