/**
 * A copy between stores that cut or name content differently: the image is read, and cut as the target does, as a
 * capture of its bytes would be. What is equal to the newest image of its name in the target is settled by digests.
 */
import {
  type Attachment,
  decodeExtents,
  EntryKind,
  fromHex,
  type ManifestHeader,
  pubIdOf,
} from '../../store-format/index.js';
import { EntryReader } from '../contents/entry-reader.js';
import { asBuffer } from '../contents/image-contents.js';
import type { DiskSource } from '../disks/disk-source.js';
import { shortName } from '../images/short-name.js';
import { CountingSink, type EntrySink, PackSink } from '../intake/entry-sinks.js';
import { ImageWriter } from '../intake/image-writer.js';
import { ParentImage } from '../intake/parent-image.js';
import { scanSource } from '../intake/scan-source.js';
import { SpanScanner } from '../intake/span-scanner.js';
import type { CopySettings, CopyTarget, ImageToCopy, WrittenImage } from './image-to-copy.js';
import { otherDigest, readingSource } from './source-damage.js';
import { SourceSpans } from './source-spans.js';
import { isWorthKeeping } from './whole-packs.js';

/**
 * @param newest of the image's name in the target, cut as the target does: the target's lease names it
 * @throws SourceDamage; no-space, io-failed
 */
export async function cutAnew(
  source: ImageToCopy,
  target: CopyTarget,
  newest: ManifestHeader | undefined,
  settings: CopySettings,
): Promise<WrittenImage> {
  const { engine, catalog, lease } = target;
  if (lease === undefined) {
    const sink = new CountingSink(catalog);
    return { ...(await cut(source, target, sink, newest, settings)), relied: new Set(), storedBytes: 0 };
  }
  const sink = new PackSink(engine, catalog, lease, undefined);
  try {
    const { packsOfParent, ...written } = await cut(source, target, sink, newest, settings);
    await sink.finish();
    const relied = new Set([...sink.known.packsReliedOn, ...packsOfParent]);
    return { ...written, relied, storedBytes: sink.storedBytes };
  } catch (error) {
    if (isWorthKeeping(error)) await sink.finish().catch(() => undefined);
    await sink.abort();
    throw error;
  }
}

async function cut(
  source: ImageToCopy,
  { engine, catalog }: CopyTarget,
  sink: EntrySink,
  newest: ManifestHeader | undefined,
  settings: CopySettings,
) {
  const { image, contents } = source.from;
  const parent = newest && (await ParentImage.open(engine, catalog, pubIdOf(newest)));
  await parent?.lookUpAll(settings.signal);
  const writer = new ImageWriter(sink, engine.entryHash);
  const spans = new SourceSpans(source, parent, settings);
  const disk: DiskSource = {
    kind: 'stream',
    path: shortName(image),
    sectorSize: image.source.sectorSize,
    size: contents.size,
    close: async () => {},
  };
  const { digest } = await scanSource(disk, new SpanScanner(disk, engine.workers, engine, parent), {
    ahead: 2 * engine.workers.parallelism + 2,
    spans: (memory) => spans.spans(memory),
    sha256: false,
    signal: settings.signal,
    onSpan: (span) => writer.addSpan(span),
    onBytes: settings.onBytes,
  });
  if (digest !== image.digest) throw otherDigest(image, digest);
  const attachments = await attachBadRanges(source, writer);
  const sketch = await writer.finish(parent);
  const { pageIds, counts, packsOfParent } = writer;
  const { readBytes } = spans;
  return {
    pageIds,
    attachments,
    sketch,
    counts,
    packsOfParent,
    readBytes,
    parent: parent && pubIdOf(parent.header),
  };
}

/** The list of ranges that could not be read when the image was captured, in the target. */
async function attachBadRanges(
  { engine, catalog, from }: ImageToCopy,
  writer: ImageWriter,
): Promise<readonly Attachment[]> {
  const { badRanges } = from.manifest.header;
  if (badRanges === undefined) return [];
  const entries = new EntryReader(engine, catalog);
  const ranges = await readingSource(from.image, async () =>
    decodeExtents(await entries.read(EntryKind.extents, asBuffer(fromHex(badRanges)))),
  );
  return [{ kind: EntryKind.extents, id: await writer.addExtents(ranges) }];
}
