/**
 * Which image a disk is most likely a later version of: the newest of its name; else the one whose sketch has the most
 * in common with the disk. A wrong choice costs a little time, never a byte.
 */
import { readSync } from 'node:fs';
import type { Blake3, ManifestHeader, SketchSample } from '../../store-format/index.js';
import type { DiskSource } from '../disks/disk-source.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import type { LibraryState } from '../images/library-state.js';
import { bySequence } from '../images/name-records.js';
import { sampleId } from '../intake/sketch.js';
import type { Image } from '../interface.js';

/** Places of the disk that are read at most; samples at the rarest places are left out. */
const MAX_PLACES = 128;
/** No chunk that a reader accepts is longer. */
const MAX_SAMPLE_BYTES = 1024 * 1024;

export interface ParentWish {
  readonly name: string;
  /** A reference; false: none at all. Found by itself when absent. */
  readonly parent?: string | false | undefined;
}

/** @throws unknown-reference, ambiguous-reference, bad-setting */
export async function chooseParent(
  engine: Engine,
  { images, listing }: LibraryState,
  source: DiskSource,
  { name, parent }: ParentWish,
): Promise<ManifestHeader | undefined> {
  if (parent === false) return undefined;
  if (parent !== undefined) return requireChunker(engine, await headerOfReference(engine, parent));
  const headers = new Map(listing.headers.map((header) => [header.pubId, header]));
  const headerOf = (image: Image) => headers.get(image.publication)!;
  const usable = images
    .filter(({ removed }) => !removed)
    .map(headerOf)
    .filter(({ chunker }) => chunker === engine.chunkerFingerprint);
  const sameName = usable.filter((header) => header.name === name).sort(bySequence);
  return sameName.at(-1) ?? mostAlike(usable, source, engine.entryHash);
}

/** The image may have been published after the library was loaded, and purged since it was resolved. */
async function headerOfReference(engine: Engine, reference: string): Promise<ManifestHeader> {
  const { publication } = await engine.library.resolve(reference);
  const { headers } = await engine.library.heads();
  const header = headers.find(({ pubId }) => pubId === publication);
  if (header !== undefined) return header;
  throw new StoreError('image-purged', `Image "${reference}" was purged by gc`, { reference });
}

function requireChunker(engine: Engine, header: ManifestHeader): ManifestHeader {
  if (header.chunker === engine.chunkerFingerprint) return header;
  throw new StoreError(
    'bad-setting',
    `Image ${header.name}@${header.imageId.slice(0, 8)} was cut by another chunker than this store uses now: it cannot be a parent`,
    { image: header.imageId },
  );
}

function mostAlike(
  headers: readonly ManifestHeader[],
  source: DiskSource,
  entryHash: Blake3,
): ManifestHeader | undefined {
  if (source.fd === undefined) return undefined; // a stream cannot be looked at twice
  const places = choosePlaces(headers);
  const ids = new SourceSamples(source.fd, places, entryHash);
  let best: ManifestHeader | undefined;
  let bestScore = 0;
  for (const header of [...headers].sort((a, b) => b.createdMs - a.createdMs)) {
    const samples = (header.sketch ?? []).filter(({ offset }) => places.has(offset));
    const equal = samples.filter((sample) => ids.idOf(sample) === sample.id).length;
    const score = equal / Math.max(1, header.sketch?.length ?? 0);
    if (score <= bestScore) continue;
    best = header;
    bestScore = score;
  }
  return best;
}

/** The places that most sketches share, with the longest sample at each. */
function choosePlaces(headers: readonly ManifestHeader[]): ReadonlyMap<number, number> {
  const found = new Map<number, { length: number; sketches: number }>();
  for (const { offset, length } of headers.flatMap(({ sketch }) => sketch ?? [])) {
    if (length > MAX_SAMPLE_BYTES) continue;
    const place = found.get(offset);
    if (place === undefined) found.set(offset, { length, sketches: 1 });
    else {
      place.length = Math.max(place.length, length);
      place.sketches++;
    }
  }
  const chosen = [...found].sort(([, a], [, b]) => b.sketches - a.sketches).slice(0, MAX_PLACES);
  return new Map(chosen.map(([offset, { length }]) => [offset, length]));
}

/** The source's own bytes at the places, hashed as the samples ask. */
class SourceSamples {
  readonly #bytes = new Map<number, Buffer>();
  readonly #ids = new Map<string, string | undefined>();

  constructor(
    private readonly fd: number,
    private readonly places: ReadonlyMap<number, number>,
    private readonly entryHash: Blake3,
  ) {}

  /** Start of the id that a chunk of the sample's place and length has; undefined where it cannot be read. */
  idOf({ offset, length }: SketchSample): string | undefined {
    const key = `${offset}+${length}`;
    if (!this.#ids.has(key)) {
      const bytes = this.#read(offset).subarray(0, length);
      this.#ids.set(key, bytes.length < length ? undefined : sampleId(this.entryHash(bytes)));
    }
    return this.#ids.get(key);
  }

  #read(offset: number): Buffer {
    const known = this.#bytes.get(offset);
    if (known !== undefined) return known;
    let bytes = Buffer.alloc(this.places.get(offset)!);
    try {
      bytes = bytes.subarray(0, readSync(this.fd, bytes, 0, bytes.length, offset));
    } catch {
      bytes = bytes.subarray(0, 0); // a bad sector is for the capture to report
    }
    this.#bytes.set(offset, bytes);
    return bytes;
  }
}
