/**
 * What of an image the target lacks: pages, recipes and chunks that have no home there, and where they lie in the store
 * that the image is in. For stores in which equal content has equal ids.
 */
import { HASH_BYTES, type PackId, PackKind, toHex } from '../../store-format/index.js';
import { whyNowhere } from '../contents/chunk-fetcher.js';
import type { EntrySet } from '../contents/entry-set.js';
import { asBuffer, type Segment } from '../contents/image-contents.js';
import { isLost, resolveRow, resolveSegment } from '../contents/resolve-segment.js';
import { ImageDigest } from '../hashing/image-digest.js';
import type { CaptureCounts } from '../intake/image-writer.js';
import { sameBytes } from '../intake/parent-image.js';
import { CHUNK_COPIES, CHUNK_HOMES, ENTRY_COPIES, ENTRY_HOMES } from '../packs/sought.js';
import type { CopySettings, CopyTarget, ImageToCopy } from './image-to-copy.js';
import { type Damage, SourceDamage } from './source-damage.js';

const CHUNK = { homes: CHUNK_HOMES, copies: CHUNK_COPIES };
const ENTRY = { homes: ENTRY_HOMES, copies: ENTRY_COPIES };
type Sort = typeof CHUNK;

/** Copies in the source that turned out to be bad. */
export interface BadCopies {
  readonly packs: ReadonlySet<PackId>;
  /** Of an entry, by its id. */
  readonly byId: ReadonlyMap<string, ReadonlySet<PackId>>;
  /** What is wrong with them. */
  why(id: string, kind: PackKind): Pick<Damage, 'code' | 'reason'> | undefined;
}

export class EntryWalk {
  readonly relied = new Set<PackId>();
  readonly #counts = { zeroBytes: 0, sharedBytes: 0, newBytes: 0, chunks: 0, newChunks: 0 };

  constructor(
    private readonly source: ImageToCopy,
    private readonly target: CopyTarget,
    /** Takes what the target lacks, as it lies in the source. */
    private readonly wanted: EntrySet,
    private readonly bad: BadCopies,
  ) {}

  get counts(): CaptureCounts {
    return this.#counts;
  }

  /** @returns the digest that the image's segments add up to. @throws SourceDamage */
  async walk(signal: CopySettings['signal']): Promise<string> {
    const { image, contents, manifest } = this.source.from;
    for (const id of [...manifest.pageIds, ...manifest.attachments.map((one) => one.id)]) {
      const lost = await this.#want(asBuffer(id), 0, ENTRY);
      if (typeof lost === 'object') throw new SourceDamage(image, lost);
    }
    const digest = new ImageDigest(contents.size);
    let last: Segment | undefined;
    for (let number = 0; number < contents.segmentCount; number++) {
      signal?.throwIfAborted();
      await this.source.renew();
      const row = await resolveRow(contents, number);
      if (isLost(row)) throw new SourceDamage(image, row);
      digest.add(row.digest);
      if (last !== undefined && sameBytes(last.recipeId, row.recipeId)) this.#countAgain(last);
      else {
        const segment = await resolveSegment(contents, number);
        if (isLost(segment)) throw new SourceDamage(image, segment);
        await this.#addSegment(segment);
        last = segment;
      }
    }
    return digest.finish(contents.size);
  }

  async #addSegment({ recipe, recipeId, offset, length }: Segment): Promise<void> {
    const { image } = this.source.from;
    const lost = await this.#want(Buffer.from(recipeId), 0, ENTRY);
    if (typeof lost === 'object') throw new SourceDamage(image, { ...lost, offset, length });
    const ids = asBuffer(recipe.ids);
    let dataBytes = 0;
    for (const [i, chunkBytes] of recipe.lengths.entries()) {
      const at = HASH_BYTES * i;
      const isNew = this.#wantNow(ids, at, CHUNK) ?? (await this.#want(ids, at, CHUNK));
      if (typeof isNew === 'object') {
        const range = { offset: offset + recipe.offsets[i]!, length: chunkBytes };
        throw new SourceDamage(image, { ...isNew, ...range });
      }
      dataBytes += chunkBytes;
      if (!isNew) continue;
      this.#counts.newBytes += chunkBytes;
      this.#counts.sharedBytes -= chunkBytes;
      this.#counts.newChunks++;
    }
    this.#counts.chunks += recipe.lengths.length;
    this.#counts.sharedBytes += dataBytes;
    this.#counts.zeroBytes += length - dataBytes;
  }

  #countAgain({ recipe, length }: Segment): void {
    const dataBytes = recipe.lengths.reduce((sum, chunkBytes) => sum + chunkBytes, 0);
    this.#counts.chunks += recipe.lengths.length;
    this.#counts.sharedBytes += dataBytes;
    this.#counts.zeroBytes += length - dataBytes;
  }

  /** @returns whether the entry is to be copied; undefined when that cannot be told without reading: then `#want` tells */
  #wantNow(ids: Buffer, at: number, { homes, copies }: Sort): boolean | undefined {
    const home = this.target.catalog.findNow(ids, at, homes);
    if (home === 'unread') return undefined;
    if (home !== undefined) {
      this.relied.add(home.footer.pack);
      return false;
    }
    const copy = this.source.catalog.findKept(ids, at, copies, this.#wrong(ids, at));
    return copy && this.wanted.add(copy.footer, copy.ordinal);
  }

  /** As `#wantNow`, or why no copy can be had. */
  async #want(ids: Buffer, at: number, { homes, copies }: Sort): Promise<boolean | Damage> {
    const home = await this.target.catalog.find(ids, at, homes);
    if (home !== undefined) {
      this.relied.add(home.footer.pack);
      return false;
    }
    const { catalog, engine } = this.source;
    const wrong = this.#wrong(ids, at);
    for (const look of [undefined, () => catalog.refresh(), () => engine.distrustIndex()]) {
      await look?.();
      const copy = await catalog.find(ids, at, copies, wrong);
      if (copy !== undefined) return this.wanted.add(copy.footer, copy.ordinal);
    }
    return this.#lost(toHex(ids.subarray(at, at + HASH_BYTES)), copies.kind);
  }

  #lost(chunk: string, kind: PackKind): Damage {
    const why = this.bad.why(chunk, kind) ?? whyNowhere(this.source.catalog);
    const code = why.code === 'chunk-missing' && kind === PackKind.meta ? 'object-missing' : why.code;
    return { code, reason: why.reason, chunk };
  }

  #wrong(ids: Buffer, at: number): Iterable<PackId> | undefined {
    const { packs, byId } = this.bad;
    if (packs.size === 0 && byId.size === 0) return undefined;
    return [...packs, ...(byId.get(toHex(ids.subarray(at, at + HASH_BYTES))) ?? [])];
  }
}
