/**
 * Capture: a disk becomes an image.
 *
 *   [1] take a lease, then see what the store has (the order is what makes "known" safe)
 *   [2] read the source; write what is new into packs
 *   [3] make all packs durable, and look once more that every pack relied on is there
 *   [4] publish the manifest under the lease's id
 *
 * Stopped anywhere before [4], nothing is published and whole packs stay for the next capture to find.
 */
import {
  type Attachment,
  EntryKind,
  type Extent,
  encodeManifest,
  type ManifestHeader,
  type PubId,
  toHex,
} from '../../store-format/index.js';
import { EntryReader } from '../contents/entry-reader.js';
import { ImageContents } from '../contents/image-contents.js';
import { readRange } from '../contents/read-range.js';
import { readDiskLayout } from '../disk-layout/index.js';
import { type DiskSource, openDiskSource, streamSource } from '../disks/disk-source.js';
import { requireWritable } from '../engine/config-records.js';
import type { Engine } from '../engine/engine.js';
import { HeldLease } from '../engine/lease.js';
import { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import { listHeads } from '../images/image-heads.js';
import { nextSequence, readNameRecord } from '../images/name-records.js';
import { checkName } from '../images/reference.js';
import type { CaptureOptions, CaptureResult, Image, Progress } from '../interface.js';
import type { PackCatalog } from '../packs/pack-catalog.js';
import { ProgressReport } from '../progress.js';
import { DOPPEL_VERSION } from '../versions.js';
import { CountingSink, PackSink } from './entry-sinks.js';
import { runHook } from './hooks.js';
import { ImageWriter } from './image-writer.js';
import { type ScannedSource, scanSource } from './scan-source.js';

export type CaptureSource = string | AsyncIterable<Uint8Array>;

/** What was captured, before it is an image. */
interface Captured {
  readonly source: DiskSource;
  readonly scanned: ScannedSource;
  readonly writer: ImageWriter;
}

export async function capture(
  engine: Engine,
  source: CaptureSource,
  name: string,
  options: CaptureOptions,
): Promise<CaptureResult> {
  const startedMs = engine.environment.now();
  const asked = checkRequest(name, options);
  if (options.dryRun) return dryRun(engine, source, options, startedMs);
  requireWritable(engine.objects, engine.config);
  const lease = await HeldLease.take(engine.objects, engine.environment, 'capture'); // [1]
  try {
    await engine.objects.sweep();
    const catalog = await engine.catalog(options);
    await refuseDamagedLibrary(engine);
    const sink = new PackSink(engine, catalog, lease.id, options.level);
    try {
      const captured = await readSource(engine, source, new ImageWriter(sink), options); // [2]
      const attachments = await attachBadRanges(captured);
      await captured.writer.finishPages();
      await sink.finish(); // [3]
      const header = await describeImage(
        engine,
        catalog,
        lease,
        asked,
        captured,
        sink.storedBytes,
        startedMs,
        options,
      );
      const manifest = encodeManifest(
        { header: { ...header, ...badRangesOf(attachments) }, pageIds: captured.writer.pageIds, attachments },
        blake3,
      );
      await catalog.settle(sink.known.packsReliedOn);
      options.signal?.throwIfAborted();
      await lease.publish(manifest); // [4]
      const image = await engine.library.resolve(`@${header.imageId}`);
      return toResult(engine, captured, startedMs, sink.storedBytes, image);
    } catch (error) {
      await keepWholePacks(sink, error);
      throw error;
    }
  } finally {
    await lease.release();
  }
}

async function dryRun(
  engine: Engine,
  source: CaptureSource,
  options: CaptureOptions,
  startedMs: number,
): Promise<CaptureResult> {
  const writer = new ImageWriter(new CountingSink(await engine.catalog(options)));
  const captured = await readSource(engine, source, writer, options);
  return toResult(engine, captured, startedMs, 0, undefined);
}

interface Asked {
  readonly name: string;
  readonly tag?: string;
}

function checkRequest(name: string, options: CaptureOptions): Asked {
  const level = options.level;
  if (level !== undefined && !(Number.isInteger(level) && level >= 1 && level <= 19)) {
    throw new StoreError('bad-setting', `The zstd level is a whole number from 1 to 19, not ${level}`);
  }
  const checked = checkName(name, 'name');
  return options.tag === undefined
    ? { name: checked }
    : { name: checked, tag: checkName(options.tag, 'tag') };
}

/** A manifest that cannot be read may be any image's newest: writers stop, readers may go on. */
async function refuseDamagedLibrary(engine: Engine): Promise<void> {
  const [damaged] = (await listHeads(engine.objects)).unreadable;
  if (damaged !== undefined) throw damaged;
}

async function readSource(
  engine: Engine,
  from: CaptureSource,
  writer: ImageWriter,
  options: CaptureOptions,
): Promise<Captured> {
  let source: DiskSource | undefined;
  try {
    if (options.before !== undefined) await runHook('before', options.before);
    source =
      typeof from === 'string'
        ? await openDiskSource(from, engine.warn)
        : streamSource(from, options.sourceName ?? 'standard input');
    const scanned = await scanInto(engine, source, writer, options);
    return { source, scanned, writer };
  } finally {
    await source?.close();
    if (options.after !== undefined) await runHook('after', options.after);
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
  if (scanned.badRanges.length > 0) {
    const bytes = sumOf(scanned.badRanges);
    engine.warn({
      code: 'source-read-errors',
      message: `${bytes} bytes of ${source.path} in ${scanned.badRanges.length} ranges could not be read and are zeros in the image`,
    });
  }
  return scanned;
}

async function attachBadRanges({ scanned, writer }: Captured): Promise<readonly Attachment[]> {
  if (scanned.badRanges.length === 0) return [];
  return [{ kind: EntryKind.extents, id: await writer.addExtents(scanned.badRanges) }];
}

function badRangesOf(attachments: readonly Attachment[]): { badRanges?: string } {
  const [list] = attachments;
  return list === undefined ? {} : { badRanges: toHex(list.id) };
}

async function describeImage(
  engine: Engine,
  catalog: PackCatalog,
  lease: HeldLease,
  asked: Asked,
  captured: Captured,
  storedBytes: number,
  startedMs: number,
  options: CaptureOptions,
): Promise<ManifestHeader> {
  const { source, scanned, writer } = captured;
  const { environment, library } = engine;
  const contents = new ImageContents(
    { size: scanned.size, pageIds: writer.pageIds },
    new EntryReader(engine, catalog),
  );
  const layout = await readDiskLayout({
    size: scanned.size,
    read: (offset, length) => readRange(engine, catalog, contents, offset, length),
  });
  const { listing } = await library.load();
  const record = await readNameRecord(engine.objects, asked.name);
  return {
    imageId: toHex(environment.random(16)),
    pubId: lease.id as PubId,
    name: asked.name,
    sequence: nextSequence(
      listing.headers.filter((header) => header.name === asked.name),
      record,
    ),
    startedMs,
    createdMs: environment.now(),
    size: scanned.size,
    digest: scanned.digest,
    ...(scanned.sha256 === undefined ? {} : { sha256: scanned.sha256 }),
    chunker: engine.chunkerFingerprint,
    ...(asked.tag === undefined ? {} : { tag: asked.tag }),
    labels: { ...options.labels },
    ...(options.description === undefined ? {} : { description: options.description }),
    source: {
      kind: source.kind,
      path: source.path,
      host: environment.host,
      ...(source.model === undefined ? {} : { model: source.model }),
      ...(source.serial === undefined ? {} : { serial: source.serial }),
      sectorSize: source.sectorSize,
    },
    layout,
    badBytes: sumOf(scanned.badRanges),
    stats: { ...writer.counts, storedBytes },
    writer: `doppel ${DOPPEL_VERSION}`,
  };
}

/** After Ctrl-C or a bad source, what was stored is worth keeping; after a failure of the store itself it is not ours to try. */
async function keepWholePacks(sink: PackSink, error: unknown): Promise<void> {
  const storeFailed =
    error instanceof StoreError && !error.code.startsWith('source-') && error.code !== 'hook-failed';
  if (!storeFailed) await sink.finish().catch(() => undefined);
  await sink.abort();
}

function sumOf(ranges: readonly Extent[]): number {
  return ranges.reduce((sum, { length }) => sum + length, 0);
}

function toResult(
  engine: Engine,
  { scanned, writer }: Captured,
  startedMs: number,
  storedBytes: number,
  image: Image | undefined,
): CaptureResult {
  return {
    ...(image === undefined ? {} : { image }),
    size: scanned.size,
    ...writer.counts,
    storedBytes,
    digest: scanned.digest,
    ...(scanned.sha256 === undefined ? {} : { sha256: scanned.sha256 }),
    badRanges: scanned.badRanges,
    seconds: (engine.environment.now() - startedMs) / 1000,
  };
}
