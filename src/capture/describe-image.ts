import { type ManifestHeader, SEGMENT_BYTES, type SketchSample, toHex } from '../../store-format/index.js';
import { EntryReader } from '../contents/entry-reader.js';
import { ImageContents } from '../contents/image-contents.js';
import { readRange } from '../contents/read-range.js';
import { type ByteReader, type DiskLayout, readDiskLayout } from '../disk-layout/index.js';
import type { Engine } from '../engine/engine.js';
import type { CaptureOptions } from '../interface.js';
import type { PackCatalog } from '../packs/pack-catalog.js';
import { DOPPEL_VERSION } from '../versions.js';
import { type Captured, sumOfLengths } from './read-source.js';

export interface ImageFacts {
  readonly publication: string;
  readonly name: string;
  readonly tag?: string;
  readonly sequence: number;
  readonly storedBytes: number;
  readonly startedMs: number;
  readonly sketch: readonly SketchSample[];
  /** Id of the attached list of ranges that could not be read. */
  readonly badRanges?: string;
}

/** The header of an image whose packs are durable: what `ls` and `show` will say of it. */
export async function describeImage(
  engine: Engine,
  catalog: PackCatalog,
  { source, scanned, writer, parent, layout }: Captured,
  facts: ImageFacts,
  options: CaptureOptions,
): Promise<ManifestHeader> {
  const { environment } = engine;
  const contents = new ImageContents(
    { size: scanned.size, pageIds: writer.pageIds },
    new EntryReader(engine, catalog),
  );
  return {
    imageId: toHex(environment.random(16)),
    pubId: facts.publication,
    name: facts.name,
    sequence: facts.sequence,
    startedMs: facts.startedMs,
    createdMs: environment.now(),
    size: scanned.size,
    digest: scanned.digest,
    ...(scanned.sha256 === undefined ? {} : { sha256: scanned.sha256 }),
    chunker: engine.chunkerFingerprint,
    ...(facts.tag === undefined ? {} : { tag: facts.tag }),
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
    layout:
      parent?.isBelieved && parent.header.digest === scanned.digest
        ? parent.header.layout
        : (layout ?? (await layoutOf(engine, catalog, contents))),
    badBytes: sumOfLengths(scanned.badRanges),
    ...(facts.badRanges === undefined ? {} : { badRanges: facts.badRanges }),
    stats: { ...writer.counts, storedBytes: facts.storedBytes },
    ...(parent === undefined ? {} : { parent: parent.header.pubId }),
    sketch: [...facts.sketch],
    writer: DOPPEL_VERSION,
  };
}

/** Probes look at a page here and there: whole segments are fetched once and kept while they last. */
const KEPT_SEGMENTS = 8;

/** Read from the image itself, so that every source of the same bytes has the same layout. */
function layoutOf(engine: Engine, catalog: PackCatalog, contents: ImageContents): Promise<DiskLayout> {
  const kept = new Map<number, Promise<Uint8Array>>();
  const segment = (number: number) => {
    const known = kept.get(number);
    if (known !== undefined) return known;
    const bytes = readRange(engine, catalog, contents, number * SEGMENT_BYTES, SEGMENT_BYTES);
    kept.set(number, bytes);
    if (kept.size > KEPT_SEGMENTS) kept.delete(kept.keys().next().value!);
    return bytes;
  };
  const reader: ByteReader = {
    size: contents.size,
    read: async (offset, length) => {
      const pieces: Uint8Array[] = [];
      const end = Math.min(offset + length, contents.size);
      for (let at = offset; at < end; ) {
        const number = Math.floor(at / SEGMENT_BYTES);
        const stop = Math.min(end, (number + 1) * SEGMENT_BYTES);
        const bytes = await segment(number);
        pieces.push(bytes.subarray(at - number * SEGMENT_BYTES, stop - number * SEGMENT_BYTES));
        at = stop;
      }
      return Buffer.concat(pieces);
    },
  };
  return readDiskLayout(reader);
}
