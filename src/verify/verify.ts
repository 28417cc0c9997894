/**
 * Verify: images down to each chunk's bytes. [1] Walk each image and note every entry that it needs; [2] have workers
 * read and hash each noted chunk once, however many images need it; [3] where some were bad, walk again to name the
 * images and offsets that they hurt.
 */
import { HASH_BYTES, toHex } from '../../store-format/index.js';
import { ChunkFetcher, type FetchOutcome, type LostPiece } from '../contents/chunk-fetcher.js';
import { EntrySet } from '../contents/entry-set.js';
import { asBuffer, type ImageContents } from '../contents/image-contents.js';
import { type OpenContents, type OpenImages, openResolved } from '../contents/open-contents.js';
import { OverlappedFetch, SMALL_FIRST_WINDOW } from '../contents/overlapped-fetch.js';
import { isLost, type LostRange, resolveRow, resolveSegment } from '../contents/resolve-segment.js';
import type { Engine } from '../engine/engine.js';
import type { StoreError } from '../errors.js';
import { shortName } from '../images/short-name.js';
import type { Hint, Image, OperationOptions, Problem, VerifyResult } from '../interface.js';
import type { PackCatalog } from '../packs/pack-catalog.js';
import { CHUNK_COPIES, ENTRY_COPIES } from '../packs/sought.js';
import { ProgressReport } from '../progress.js';

/** Problems named one by one per image; the sums tell the rest. */
const MAX_PROBLEMS_PER_IMAGE = 1_000;

export async function verify(
  engine: Engine,
  references: readonly string[],
  options: OperationOptions,
): Promise<VerifyResult> {
  const run = new VerifyRun(engine, options);
  return run.verify(references);
}

interface Checked {
  readonly image: Image;
  readonly problems: Problem[];
}

class VerifyRun {
  readonly #started: number;
  readonly #seen = new EntrySet();
  readonly #notedRecipes = new EntrySet();
  /** Ids of chunks that no pack gives, and why. */
  readonly #bad = new Map<string, Pick<LostPiece, 'code' | 'reason'>>();
  readonly #report: ProgressReport;
  #checkedChunks = 0;
  #checkedBytes = 0;
  #doneBytes = 0;

  constructor(
    private readonly engine: Engine,
    private readonly options: OperationOptions,
  ) {
    this.#started = engine.environment.monotonic();
    this.#report = new ProgressReport(engine.environment, options);
  }

  async verify(references: readonly string[]): Promise<VerifyResult> {
    const { wanted, readable, unreadable } = await this.#open(references);
    try {
      const { catalog, images } = readable;
      const totalBytes = images.reduce((sum, { image }) => sum + image.size, 0);
      const checked = images.map(({ image }): Checked => ({ image, problems: [] }));
      const fetcher = new ChunkFetcher(this.engine, catalog);
      const onBytes = (bytes: number) => {
        this.#checkedBytes += bytes;
      };
      const { signal } = this.options;
      const renew = () => readable.renew();
      const settings = { target: { kind: 'none' }, signal, renew, onBytes } as const;
      const fetch = new OverlappedFetch(fetcher, settings, SMALL_FIRST_WINDOW);
      try {
        for (const [i, open] of images.entries()) {
          await this.#noteImage(open, readable, fetcher, fetch, checked[i]!, totalBytes); // [1] [2]
        }
        this.#checkedChunks += fetcher.plannedPieces;
        for (const outcome of await fetch.finish()) this.#noteBad(outcome);
      } finally {
        await fetch.settle();
      }
      if (this.#bad.size > 0) {
        for (const [i, open] of images.entries()) await this.#nameDamage(open, readable, checked[i]!); // [3]
      }
      this.#report.finish({ phase: 'verify', doneBytes: totalBytes, totalBytes });
      return this.#result(wanted, checked, unreadable);
    } finally {
      await readable.release();
    }
  }

  /** Manifests and records that cannot be read are findings here; all the other images are verified. */
  async #open(references: readonly string[]) {
    const { options, engine } = this;
    const unreadable: Problem[] = [];
    const wanted: Image[] = [];
    for (const reference of references) wanted.push(await engine.library.resolve(reference));
    if (references.length === 0) {
      const { images, unreadable: damaged } = await engine.library.load();
      unreadable.push(...damaged.map((error) => problemOf(error)));
      wanted.push(...images.filter(({ removed }) => !removed));
    }
    const purged = new Set<Image>();
    const readable = await openResolved(engine, wanted, options, (image, error) => {
      if (error.code !== 'image-purged')
        unreadable.push({ ...problemOf(error), image: `${image.name}@${image.id}` });
      else if (references.length === 0)
        purged.add(image); // since it was listed
      else throw error;
    });
    return { wanted: wanted.filter((image) => !purged.has(image)), readable, unreadable };
  }

  async #noteImage(
    { image, contents }: OpenContents,
    { catalog, renew }: OpenImages,
    fetcher: ChunkFetcher,
    fetch: OverlappedFetch,
    checked: Checked,
    totalBytes: number,
  ): Promise<void> {
    for (let number = 0; number < contents.segmentCount; number++) {
      this.options.signal?.throwIfAborted();
      await renew();
      this.#doneBytes += contents.lengthOf(number);
      if (await this.#isNoted(contents, number, catalog)) continue;
      const segment = await resolveSegment(contents, number);
      if (isLost(segment)) {
        addProblem(checked, image, segment);
        continue;
      }
      const recipe = catalog.findKept(segment.recipeId, 0, ENTRY_COPIES);
      if (recipe !== undefined) this.#notedRecipes.add(recipe.footer, recipe.ordinal);
      const ids = asBuffer(segment.recipe.ids);
      for (let i = 0; i < segment.recipe.lengths.length; i++) {
        const home =
          catalog.findKept(ids, HASH_BYTES * i, CHUNK_COPIES) ??
          (await catalog.find(ids, HASH_BYTES * i, CHUNK_COPIES));
        if (home !== undefined && !this.#seen.add(home.footer, home.ordinal)) continue;
        await fetcher.want(ids, HASH_BYTES * i, segment.recipe.lengths[i]!, 0);
      }
      if (fetch.isFull) {
        this.#checkedChunks += fetcher.plannedPieces;
        this.#noteBad(await fetch.start());
      }
      this.#report.tell(() => ({ phase: 'verify', doneBytes: this.#doneBytes, totalBytes }));
    }
  }

  /** Images share recipes; one that was resolved before adds nothing. */
  async #isNoted(contents: ImageContents, number: number, catalog: PackCatalog): Promise<boolean> {
    const row = await resolveRow(contents, number);
    if (isLost(row)) return false;
    const home = catalog.findKept(row.recipeId, 0, ENTRY_COPIES);
    return home !== undefined && this.#notedRecipes.has(home.footer.pack, home.ordinal);
  }

  #noteBad(outcome: FetchOutcome | undefined): void {
    for (const { chunk, code, reason } of outcome?.lost ?? []) this.#bad.set(chunk, { code, reason });
  }

  async #nameDamage(
    { image, contents }: OpenContents,
    { renew }: OpenImages,
    checked: Checked,
  ): Promise<void> {
    for (let number = 0; number < contents.segmentCount; number++) {
      await renew();
      const segment = await resolveSegment(contents, number);
      if (isLost(segment)) continue; // named in the first walk
      const { ids, lengths, offsets } = segment.recipe;
      for (let i = 0; i < lengths.length; i++) {
        const chunk = toHex(ids.subarray(HASH_BYTES * i, HASH_BYTES * (i + 1)));
        const bad = this.#bad.get(chunk);
        if (bad === undefined) continue;
        addProblem(checked, image, {
          offset: segment.offset + offsets[i]!,
          length: lengths[i]!,
          chunk,
          ...bad,
        });
      }
    }
  }

  #result(
    wanted: readonly Image[],
    checked: readonly Checked[],
    unreadable: readonly Problem[],
  ): VerifyResult {
    const whole = new Set(checked.filter(({ problems }) => problems.length === 0).map(({ image }) => image));
    return {
      images: wanted.map((image) => ({ image, ok: whole.has(image) })),
      problems: [...unreadable, ...checked.flatMap(({ problems }) => problems)],
      hints: wanted.filter(({ badBytes }) => badBytes > 0).map(readErrorsHint),
      checkedChunks: this.#checkedChunks,
      checkedBytes: this.#checkedBytes,
      seconds: (this.engine.environment.monotonic() - this.#started) / 1000,
    };
  }
}

function readErrorsHint(image: Image): Hint {
  return {
    code: 'source-read-errors',
    message: `Image ${shortName(image)} has zeros where ${image.badBytes} bytes of its source could not be read`,
    image: `${image.name}@${image.id}`,
  };
}

function addProblem({ problems }: Checked, image: Image, lost: LostRange): void {
  if (problems.length >= MAX_PROBLEMS_PER_IMAGE) return;
  const what = lost.chunk === undefined ? lost.reason : `chunk ${lost.chunk.slice(0, 12)}…: ${lost.reason}`;
  problems.push({
    code: lost.code,
    message: `Image ${shortName(image)} at byte ${lost.offset} (${lost.length} bytes): ${what}`,
    image: `${image.name}@${image.id}`,
    offset: lost.offset,
    length: lost.length,
    ...(lost.chunk === undefined ? {} : { chunk: lost.chunk }),
  });
}

function problemOf(error: StoreError): Problem {
  const { code } = error;
  const isOther = code === 'object-missing' || code === 'object-unreadable' || code === 'rolled-back';
  return {
    code: isOther ? code : 'object-damaged',
    message: error.message,
    ...(error.details.object === undefined ? {} : { object: error.details.object }),
  };
}
