/**
 * Capture: a disk becomes an image.
 *
 *   [1] open the source and choose the parent: the image that it is likely to be a later version of
 *   [2] take a lease that names the parent, then see what the store has (the order is what makes "known" safe)
 *   [3] read the source; write what is new into packs
 *   [4] make all packs durable, and look once more that every pack relied on is there
 *   [5] publish the manifest under the lease's id
 *
 * Stopped anywhere before [5], nothing is published and whole packs stay for the next capture to find.
 */
import { type Attachment, EntryKind, type Extent, toHex } from '../../store-format/index.js';
import type { DiskSource } from '../disks/disk-source.js';
import { requireWritable } from '../engine/config-records.js';
import { requireCurrentKeys, requireOwnName } from '../engine/current-keys.js';
import type { Engine } from '../engine/engine.js';
import { HeldLease } from '../engine/lease.js';
import { StoreError } from '../errors.js';
import { checkName, checkWords } from '../images/reference.js';
import { newImage } from '../images/to-image.js';
import { CountingSink, PackSink } from '../intake/entry-sinks.js';
import { ImageWriter } from '../intake/image-writer.js';
import { publishImage } from '../intake/publish-image.js';
import type { CaptureOptions, CaptureResult, Image } from '../interface.js';
import type { OwnImageWriter } from '../memory/own-image.js';
import type { PackCatalog } from '../packs/pack-catalog.js';
import { describeImage } from './describe-image.js';
import type { Knowledge } from './knowledge.js';
import { LibraryKnowledge } from './library-knowledge.js';
import { OwnKnowledge } from './own-knowledge.js';
import { type Captured, type CaptureSource, readInto, withSource } from './read-source.js';
import { sourceLayout } from './source-layout.js';

interface Asked {
  readonly name: string;
  readonly tag?: string;
  readonly startedMs: number;
}

export async function capture(
  engine: Engine,
  from: CaptureSource,
  name: string,
  options: CaptureOptions,
): Promise<CaptureResult> {
  const asked = checkRequest(from, name, options, engine.environment.now());
  if (options.dryRun) return dryRun(engine, from, asked, options);
  requireWritable(engine);
  await requireCurrentKeys(engine.objects);
  requireOwnName(engine.objects, asked.name);
  const knowledge = await knowledgeOf(engine, asked, options);
  if (options.before !== undefined) await engine.catalog(options); // what takes long comes before a file system is frozen
  const run = new CaptureRun(engine, knowledge, asked, options);
  try {
    const captured = await withSource(engine, from, options, (source) => run.read(source));
    return await run.publish(captured);
  } catch (error) {
    await run.keepWholePacks(error);
    throw error;
  } finally {
    await run.release();
  }
}

/** What is wrong with the library is found out before hours of reading, not after. */
async function knowledgeOf(engine: Engine, { name }: Asked, options: CaptureOptions): Promise<Knowledge> {
  const wish = { name, parent: options.parent };
  if (engine.objects.vault?.canRead === false) return new OwnKnowledge(engine, wish);
  const library = options.dryRun ? undefined : await engine.library.requireReadable();
  return new LibraryKnowledge(engine, wish, library);
}

async function dryRun(
  engine: Engine,
  from: CaptureSource,
  asked: Asked,
  options: CaptureOptions,
): Promise<CaptureResult> {
  const knowledge = await knowledgeOf(engine, asked, options);
  try {
    const captured = await withSource(engine, from, options, async (source) => {
      const chosen = await knowledge.chooseParent(source);
      const catalog = await engine.catalog(options);
      const parent = await chosen?.open(catalog);
      const writer = new ImageWriter(new CountingSink(catalog), engine.entryHash);
      return readInto(writer, engine, source, parent, options);
    });
    await captured.writer.finish(captured.parent);
    return toResult(engine, captured, asked, 0, undefined);
  } finally {
    await knowledge.close();
  }
}

class CaptureRun {
  #lease: HeldLease | undefined;
  #catalog: PackCatalog | undefined;
  #sink: PackSink | undefined;
  /** What the next capture will know of this one, where it cannot read it. */
  #copy: OwnImageWriter | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly knowledge: Knowledge,
    private readonly asked: Asked,
    private readonly options: CaptureOptions,
  ) {}

  async read(source: DiskSource): Promise<Captured> {
    const { engine, knowledge, options } = this;
    const { objects, environment } = engine;
    const chosen = await knowledge.chooseParent(source); // [1]
    const named = chosen === undefined ? [] : [chosen.publication];
    const lease = await HeldLease.take(objects, environment, 'capture', named); // [2]
    this.#lease = lease;
    await objects.sweep();
    const catalog = await engine.catalog(options);
    this.#catalog = catalog;
    const parent = await chosen?.open(catalog);
    this.#sink = new PackSink(engine, catalog, lease.id, options.level);
    this.#copy = await knowledge.newCopy();
    const writer = new ImageWriter(this.#sink, engine.entryHash, this.#copy);
    const layout = knowledge.canRead ? undefined : sourceLayout(source, options.onReadError ?? 'fail');
    return readInto(writer, engine, source, parent, options, layout); // [3]
  }

  async publish(captured: Captured): Promise<CaptureResult> {
    const { engine, asked, options } = this;
    const [lease, catalog, sink] = [this.#lease!, this.#catalog!, this.#sink!];
    const attachments = await attachBadRanges(captured.writer, captured.scanned.badRanges);
    const sketch = await captured.writer.finish(captured.parent);
    await sink.finish(); // [4]
    const { storedBytes } = sink;
    const sequence = await this.knowledge.nextSequence();
    const facts = {
      ...asked,
      publication: lease.id,
      sequence,
      storedBytes,
      sketch,
      ...badRangesOf(attachments),
    };
    const header = await describeImage(engine, catalog, captured, facts, options);
    const relied = new Set([...sink.known.packsReliedOn, ...captured.writer.packsOfParent]);
    const publication = { engine, catalog, lease, relied, signal: options.signal };
    const { pageIds } = captured.writer;
    await publishImage(publication, { header, pageIds, attachments }); // [5]
    await this.#copy?.finish({ ...header, sketch: [...sketch], packs: [...relied] });
    return toResult(engine, captured, asked, storedBytes, newImage(header));
  }

  /** What was stored before a Ctrl-C or a bad sector is worth keeping. Where the store itself failed, nothing more is tried. */
  async keepWholePacks(error: unknown): Promise<void> {
    const sourceFailed = error instanceof StoreError && /^(source|hook)-/.test(error.code);
    if (sourceFailed || !(error instanceof StoreError)) await this.#sink?.finish().catch(() => undefined);
    await this.#sink?.abort();
  }

  async release(): Promise<void> {
    await this.#copy?.abort();
    await this.knowledge.close();
    await this.#lease?.release();
  }
}

/** @throws bad-name, bad-setting */
function checkRequest(from: CaptureSource, name: string, options: CaptureOptions, startedMs: number): Asked {
  const { level, tag } = options;
  if (level !== undefined && !(Number.isInteger(level) && level >= 1 && level <= 19)) {
    throw new StoreError('bad-setting', `The zstd level is a whole number from 1 to 19, not ${level}`);
  }
  checkWords(options);
  if (options.changedRanges !== undefined) checkChangedRanges(from, options);
  const asked = { name: checkName(name, 'name'), startedMs };
  return tag === undefined ? asked : { ...asked, tag: checkName(tag, 'tag') };
}

/** @throws bad-setting */
function checkChangedRanges(from: CaptureSource, { parent, sha256 }: CaptureOptions): void {
  if (typeof from !== 'string') {
    throw new StoreError('bad-setting', 'Of a stream all is read: changed ranges go with a file or a device');
  }
  if (typeof parent !== 'string') {
    throw new StoreError(
      'bad-setting',
      'Changed ranges say what differs from a parent: name it with --parent',
    );
  }
  if (sha256) {
    throw new StoreError(
      'bad-setting',
      'A SHA-256 of the disk needs all of it: leave out --sha256 or the ranges',
    );
  }
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
