/**
 * Copy: images go to another store. In that store each is a capture whose bytes come from this one, which is read as a
 * restore reads it (SPEC.md, section 12, "Copy").
 *
 *   [1] a lease in the source that names the images; then, image by image, oldest first:
 *   [2] is it in the target? by its image id, and by its bytes where nobody vouches for these
 *   [3] a lease in the target, which names the image that the copy is predicted from; then what the target has
 *   [4] what it lacks, as it is or cut anew; packs durable
 *   [5] publish, under the target lease's id
 *
 * An image that is damaged in the source is told, and the others are copied. Stopped anywhere, whole packs stay for the
 * next copy to find.
 */
import { EntryKind, type ManifestHeader, pubIdOf } from '../../store-format/index.js';
import { EntrySet } from '../contents/entry-set.js';
import { type OpenContents, type OpenImages, openResolved } from '../contents/open-contents.js';
import { requireWritable } from '../engine/config-records.js';
import { requireCurrentKeys } from '../engine/current-keys.js';
import type { Engine } from '../engine/engine.js';
import { HeldLease } from '../engine/lease.js';
import { StoreError } from '../errors.js';
import type { LibraryState } from '../images/library-state.js';
import { findPurged } from '../images/marks.js';
import { bySequence, isAllowed } from '../images/name-records.js';
import { requireNamed } from '../images/require-named.js';
import { shortName } from '../images/short-name.js';
import { newImage } from '../images/to-image.js';
import { publishImage } from '../intake/publish-image.js';
import type { CopiedImage, CopyOptions, CopyResult, Image, Problem } from '../interface.js';
import { ProgressReport } from '../progress.js';
import { findThere, isBelieved } from './already-there.js';
import { copiedHeader } from './copied-header.js';
import { copyEntries } from './copy-entries.js';
import { cutAnew } from './cut-anew.js';
import type { CopyTarget, ImageToCopy, WrittenImage } from './image-to-copy.js';
import { haveSameEntries } from './same-entries.js';
import { damageOf, SourceDamage } from './source-damage.js';

/** @param references images to copy; all live ones when empty */
export async function copy(
  source: Engine,
  target: Engine,
  references: readonly string[],
  options: CopyOptions,
): Promise<CopyResult> {
  if (!options.dryRun) {
    requireWritable(target);
    await requireCurrentKeys(target.objects);
  }
  await target.library.requireReadable(); // found out before hours of reading, not after
  return new CopyRun(source, target, options).run(references);
}

class CopyRun {
  readonly #haveSameEntries: boolean;
  readonly #copied: CopiedImage[] = [];
  readonly #alreadyThere: Image[] = [];
  readonly #problems: Problem[] = [];
  /** Entries that images of a dry run before would have copied. */
  readonly #met = new EntrySet();
  readonly #started: number;
  readonly #report: ProgressReport;
  #doneBytes = 0;
  #totalBytes = 0;

  constructor(
    private readonly source: Engine,
    private readonly target: Engine,
    private readonly options: CopyOptions,
  ) {
    this.#haveSameEntries = haveSameEntries(source, target);
    this.#started = source.environment.monotonic();
    this.#report = new ProgressReport(source.environment, options);
  }

  async run(references: readonly string[]): Promise<CopyResult> {
    const images = await this.#wanted(references);
    this.#totalBytes = images.reduce((sum, { size }) => sum + size, 0);
    const open = await openResolved(this.source, images, this.options, (image, error) => {
      const damage = damageOf(image, error);
      if (damage !== undefined) this.#problems.push(damage.problem);
      else if (error.code !== 'image-purged' || references.length > 0) throw error;
    }); // [1]
    try {
      for (const from of open.images) {
        this.options.signal?.throwIfAborted();
        await open.renew();
        await this.#copyOrTell(open, from);
        this.#doneBytes += from.image.size;
      }
    } finally {
      await open.release();
    }
    return this.#result();
  }

  async #wanted(references: readonly string[]): Promise<readonly Image[]> {
    if (references.length === 0) return oldestFirst(await this.source.library.list());
    const images = new Map<string, Image>();
    for (const reference of references) {
      const image = await this.source.library.resolve(reference);
      requireNamed(image);
      images.set(image.publication, image);
    }
    return oldestFirst([...images.values()]);
  }

  async #copyOrTell(open: OpenImages, from: OpenContents): Promise<void> {
    try {
      await this.#copyImage(open, from);
    } catch (error) {
      if (!(error instanceof SourceDamage)) throw error;
      this.#problems.push(error.problem);
    }
  }

  async #copyImage(open: OpenImages, from: OpenContents): Promise<void> {
    const state = await this.target.library.requireReadable();
    const { image } = from;
    const there = await findThere(image, this.target, state.images, this.options.signal); // [2]
    if (there !== undefined) return this.#tellThere(image, there);
    requireKnownAttachments(from);
    const how = this.#howOf(from);
    const newest = how === 'entries' ? undefined : newestOf(this.target, state, from.image.name);
    const { dryRun = false, signal } = this.options;
    const { objects, environment } = this.target;
    const named = newest === undefined ? [] : [newest.pubId];
    const lease = dryRun ? undefined : await HeldLease.take(objects, environment, 'copy', named); // [3]
    try {
      if (!dryRun) await objects.sweep();
      const catalog = await this.target.catalog(this.options);
      const target = { engine: this.target, catalog, lease: lease?.id };
      const written = await this.#write(open, from, target, how, newest); // [4]
      if (lease === undefined) return this.#tellCopied(from.image, how, written);
      const raced = await foundMeanwhile(this.target, from.image);
      if (raced !== undefined) return this.#tellThere(from.image, newImage(raced));
      const header = await copiedHeader(from, this.target, lease.id, written, state.images);
      const { relied, pageIds, attachments } = written;
      const publication = { engine: this.target, catalog, lease, relied, signal };
      await publishImage(publication, { header, pageIds, attachments }); // [5]
      this.#tellCopied(newImage(header), how, written);
    } finally {
      await lease?.release();
    }
  }

  /**
   * The copy has this one's signature. What a machine says that may only write could pair digests with the recipes of other
   * bytes: its images are read.
   */
  #howOf({ manifest: { header } }: OpenContents): CopiedImage['how'] {
    return this.#haveSameEntries && header.signedBy?.access !== 'write' ? 'entries' : 'cut-anew';
  }

  #write(
    { catalog, renew }: OpenImages,
    from: OpenContents,
    target: CopyTarget,
    how: CopiedImage['how'],
    newest: ManifestHeader | undefined,
  ): Promise<WrittenImage> {
    const source: ImageToCopy = { engine: this.source, catalog, from, renew };
    const onBytes = (bytes: number) => this.#report.tell(() => this.#progress(this.#doneBytes + bytes));
    const settings = { signal: this.options.signal, onBytes };
    if (how === 'entries') return copyEntries(source, target, settings, this.#met);
    return cutAnew(source, target, newest, settings);
  }

  /** @throws conflict */
  #tellThere(image: Image, there: Image): void {
    if (there.digest !== image.digest) {
      const message = `${this.target.objects.location} has another image with the id ${image.id}: ${shortName(there)} has other content than ${shortName(image)}`;
      throw new StoreError('conflict', message, { image: image.id });
    }
    this.#alreadyThere.push(there);
  }

  #tellCopied(image: Image, how: CopiedImage['how'], { counts, readBytes, storedBytes }: WrittenImage): void {
    this.#copied.push({ image, how, readBytes, ...counts, storedBytes });
  }

  #progress(doneBytes: number) {
    return { phase: 'copy', doneBytes, totalBytes: this.#totalBytes } as const;
  }

  #result(): CopyResult {
    this.#report.finish(this.#progress(this.#totalBytes));
    const sum = (key: 'readBytes' | 'newBytes' | 'storedBytes') =>
      this.#copied.reduce((total, image) => total + image[key], 0);
    return {
      target: this.target.objects.location,
      dryRun: this.options.dryRun ?? false,
      copied: this.#copied,
      alreadyThere: this.#alreadyThere,
      problems: this.#problems,
      readBytes: sum('readBytes'),
      newBytes: sum('newBytes'),
      storedBytes: sum('storedBytes'),
      seconds: (this.source.environment.monotonic() - this.#started) / 1000,
    };
  }
}

/** By their times, and those of a name in the order of their sequence: each finds its older versions there. */
function oldestFirst(images: readonly Image[]): readonly Image[] {
  const byTime = [...images].sort((a, b) => a.created.getTime() - b.created.getTime());
  const versions = new Map<string, Image[]>();
  for (const image of [...images].sort((a, b) => b.sequence - a.sequence))
    versions.set(image.name, [...(versions.get(image.name) ?? []), image]);
  return byTime.map(({ name }) => versions.get(name)!.pop()!);
}

/** The newest image of the name that is cut as the store cuts now. */
function newestOf(
  { chunkerFingerprint }: Engine,
  { images, listing }: LibraryState,
  name: string,
): ManifestHeader | undefined {
  const live = new Set(images.filter(({ removed }) => !removed).map(({ publication }) => publication));
  return listing.headers
    .filter(
      (header) => header.name === name && header.chunker === chunkerFingerprint && live.has(header.pubId),
    )
    .sort(bySequence)
    .at(-1);
}

/** Another copy of the image was published since this one began. */
async function foundMeanwhile(
  { library, objects }: Engine,
  { id }: Image,
): Promise<ManifestHeader | undefined> {
  const found = (await library.heads()).headers.filter(
    (header) => header.imageId === id && isAllowed(header) && isBelieved(header),
  );
  const purged = await findPurged(objects, found.map(pubIdOf));
  return found.find((header) => !purged.has(pubIdOf(header)));
}

/** @throws unsupported-format */
function requireKnownAttachments({ manifest, image }: OpenContents): void {
  const strange = manifest.attachments.find(({ kind }) => kind !== EntryKind.extents);
  if (strange === undefined) return;
  throw new StoreError(
    'unsupported-format',
    `Image ${shortName(image)} has an attachment of kind ${strange.kind}, which this version of doppel does not know: copy it with a newer one`,
    { image: image.id },
  );
}
