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
  decodeManifest,
  EntryKind,
  type Extent,
  encodeManifest,
  type PubId,
  toHex,
} from '../../store-format/index.js';
import { requireWritable } from '../engine/config-records.js';
import type { Engine } from '../engine/engine.js';
import { HeldLease } from '../engine/lease.js';
import { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import { checkName, checkWords } from '../images/reference.js';
import type { CaptureOptions, CaptureResult, Image } from '../interface.js';
import { describeImage } from './describe-image.js';
import { CountingSink, PackSink } from './entry-sinks.js';
import { ImageWriter } from './image-writer.js';
import { type Captured, type CaptureSource, readSource } from './read-source.js';

interface Asked {
  readonly name: string;
  readonly tag?: string;
  readonly startedMs: number;
}

export async function capture(
  engine: Engine,
  source: CaptureSource,
  name: string,
  options: CaptureOptions,
): Promise<CaptureResult> {
  const asked = checkRequest(name, options, engine.environment.now());
  if (options.dryRun) {
    const writer = new ImageWriter(new CountingSink(await engine.catalog(options)));
    return toResult(engine, await readSource(engine, source, writer, options), asked, 0, undefined);
  }
  requireWritable(engine);
  const lease = await HeldLease.take(engine.objects, engine.environment, 'capture'); // [1]
  try {
    await engine.objects.sweep();
    return await captureUnder(lease, engine, source, asked, options);
  } finally {
    await lease.release();
  }
}

async function captureUnder(
  lease: HeldLease,
  engine: Engine,
  source: CaptureSource,
  asked: Asked,
  options: CaptureOptions,
): Promise<CaptureResult> {
  const catalog = await engine.catalog(options);
  await refuseDamagedLibrary(engine);
  const sink = new PackSink(engine, catalog, lease.id, options.level);
  try {
    const captured = await readSource(engine, source, new ImageWriter(sink), options); // [2]
    const attachments = await attachBadRanges(captured.writer, captured.scanned.badRanges);
    await captured.writer.finishPages();
    await sink.finish(); // [3]
    const { storedBytes } = sink;
    const facts = { ...asked, publication: lease.id, storedBytes, ...badRangesOf(attachments) };
    const header = await describeImage(engine, catalog, captured, facts, options);
    const manifest = encodeManifest({ header, pageIds: captured.writer.pageIds, attachments }, blake3);
    decodeManifest(manifest, header.pubId as PubId, blake3); // what nobody can read must not be published
    await catalog.settle(sink.known.packsReliedOn);
    options.signal?.throwIfAborted();
    await lease.publish(manifest); // [4]
    const image = await engine.library.resolve(`@${header.imageId}`);
    return toResult(engine, captured, asked, storedBytes, image);
  } catch (error) {
    await keepWholePacks(sink, error);
    throw error;
  }
}

/** @throws bad-name, bad-setting */
function checkRequest(name: string, options: CaptureOptions, startedMs: number): Asked {
  const { level, tag } = options;
  if (level !== undefined && !(Number.isInteger(level) && level >= 1 && level <= 19)) {
    throw new StoreError('bad-setting', `The zstd level is a whole number from 1 to 19, not ${level}`);
  }
  checkWords(options);
  const asked = { name: checkName(name, 'name'), startedMs };
  return tag === undefined ? asked : { ...asked, tag: checkName(tag, 'tag') };
}

/** Found out before hours of reading, not after. */
async function refuseDamagedLibrary(engine: Engine): Promise<void> {
  await engine.library.requireReadable();
}

async function attachBadRanges(
  writer: ImageWriter,
  ranges: readonly Extent[],
): Promise<readonly Attachment[]> {
  return ranges.length === 0 ? [] : [{ kind: EntryKind.extents, id: await writer.addExtents(ranges) }];
}

function badRangesOf([list]: readonly Attachment[]): { badRanges?: string } {
  return list === undefined ? {} : { badRanges: toHex(list.id) };
}

/** What was stored before a Ctrl-C or a bad sector is worth keeping. Where the store itself failed, nothing more is tried. */
async function keepWholePacks(sink: PackSink, error: unknown): Promise<void> {
  const sourceFailed = error instanceof StoreError && /^(source|hook)-/.test(error.code);
  if (sourceFailed || !(error instanceof StoreError)) await sink.finish().catch(() => undefined);
  await sink.abort();
}

function toResult(
  engine: Engine,
  { scanned, writer }: Captured,
  { startedMs }: Asked,
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
