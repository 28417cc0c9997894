/**
 * Restore: an image becomes a disk again. Every chunk is checked before it is written; a file appears under its name
 * when it is whole, or is updated where it stands; a device is refused while anybody uses it.
 */
import { appendExtent, type Extent, toHex } from '../../store-format/index.js';
import { type OpenContents, type OpenImages, openContents } from '../contents/open-contents.js';
import type { LostRange } from '../contents/resolve-segment.js';
import type { SeedIndex } from '../contents/seed-index.js';
import { type DiskTarget, inspectTarget, openDiskTarget } from '../disks/disk-target.js';
import { openHeldDisk, openUpdateTarget } from '../disks/held-disk.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import { shortName } from '../images/short-name.js';
import type { RestoreOptions, RestoreResult } from '../interface.js';
import type { PackCatalog } from '../packs/pack-catalog.js';
import { ProgressReport } from '../progress.js';
import { RestoreCheck } from './check-restore.js';
import { readBack } from './read-back.js';
import { scanSeeds } from './scan-seeds.js';
import { updateDisk } from './update-disk.js';
import { type WriteOutcome, type WriteSettings, writeDisk } from './write-disk.js';
import { writeStream } from './write-stream.js';

/** What became of a target, whichever way it was written. */
interface Outcome extends WriteOutcome {
  readonly differentBytes?: number;
}

export async function restore(
  engine: Engine,
  reference: string,
  target: string | NodeJS.WritableStream,
  options: RestoreOptions,
): Promise<RestoreResult> {
  if (options.inPlace && typeof target !== 'string') {
    throw new TypeError('A stream cannot be updated in place: inPlace needs the path of a file or device');
  }
  const open = await openContents(engine, [reference], options);
  try {
    const run = new RestoreRun(engine, open, options);
    return await (options.dryRun ? run.check(target) : run.write(target));
  } finally {
    await open.release();
  }
}

class RestoreRun {
  readonly #started: number;
  readonly #lost: LostRange[] = [];
  readonly #report: ProgressReport;
  #doneBytes = 0;
  private readonly catalog: PackCatalog;
  private readonly open: OpenContents;

  constructor(
    private readonly engine: Engine,
    private readonly opened: OpenImages,
    private readonly options: RestoreOptions,
  ) {
    this.catalog = opened.catalog;
    this.open = opened.images[0]!;
    this.#started = engine.environment.monotonic();
    this.#report = new ProgressReport(engine.environment, options);
  }

  async write(target: string | NodeJS.WritableStream): Promise<RestoreResult> {
    if (typeof target === 'string') return this.#toDisk(target);
    const settings = this.#settings(await this.#seeds());
    const outcome = await writeStream(this.engine, this.catalog, this.open.contents, target, settings);
    return this.#result('stream', outcome, false);
  }

  async #toDisk(path: string): Promise<RestoreResult> {
    const request = this.#request(path);
    if (this.options.seeds?.length) await inspectTarget(request); // seeds take long: refuse before
    const settings = this.#settings(await this.#seeds());
    const { engine, catalog, options } = this;
    const { contents } = this.open;
    if (options.inPlace) {
      const target = await openUpdateTarget(request);
      return this.#complete(target, () => updateDisk(engine, catalog, contents, target, settings));
    }
    const target = await openDiskTarget(request);
    return this.#complete(target, () => writeDisk(engine, catalog, contents, target, settings));
  }

  async #complete(target: DiskTarget, write: () => Promise<Outcome>): Promise<RestoreResult> {
    const { contents } = this.open;
    let verified = false;
    let outcome: Outcome;
    try {
      outcome = await write();
      if (this.options.verify && this.#lost.length === 0) {
        const onBytes = this.#startPhase('verify', contents.size);
        const settings = { signal: this.options.signal, renew: this.#renew, onBytes };
        await readBack(this.engine.workers, contents, target, settings);
        verified = true;
      }
      this.options.signal?.throwIfAborted();
    } catch (error) {
      await target.abandon();
      throw error;
    }
    await target.finish();
    return this.#result(target.path, outcome, verified);
  }

  /** A dry run: the target would do, and every chunk has a home. */
  async check(target: string | NodeJS.WritableStream): Promise<RestoreResult> {
    const { contents } = this.open;
    const path = typeof target === 'string' ? target : undefined;
    if (path !== undefined) await inspectTarget({ ...this.#request(path), overwrite: true });
    const check = new RestoreCheck(this.catalog, contents, this.#settings(await this.#seeds()));
    let differentBytes: number | undefined;
    if (path === undefined || !this.options.inPlace) await check.all();
    else {
      const disk = await openHeldDisk(path, contents.size);
      try {
        differentBytes = await check.differences(this.engine.workers, disk);
      } finally {
        await disk.close();
      }
    }
    const { seedBytes } = check;
    const outcome = {
      writtenBytes: 0,
      seedBytes,
      ...(differentBytes === undefined ? {} : { differentBytes }),
    };
    return this.#result(path ?? 'stream', outcome, false);
  }

  async #seeds(): Promise<SeedIndex | undefined> {
    const { seeds = [], signal } = this.options;
    if (seeds.length === 0) return undefined;
    let [doneBytes, totalBytes] = [0, 0];
    const index = await scanSeeds(this.engine, seeds, this.open.contents, {
      signal,
      renew: this.#renew,
      onBytes: (bytes, total) => {
        doneBytes += bytes;
        totalBytes = total;
        this.#report.tell(() => ({ phase: 'seed', doneBytes, totalBytes }));
      },
    });
    this.#report.finish({ phase: 'seed', doneBytes, totalBytes });
    return index;
  }

  #request(path: string) {
    const nonce = `doppel-${toHex(this.engine.environment.random(6))}`;
    const { overwrite = false, inPlace = false, sync = false } = this.options;
    return { path, size: this.open.contents.size, overwrite, inPlace, sync, nonce };
  }

  #settings(seeds: SeedIndex | undefined): WriteSettings {
    return {
      signal: this.options.signal,
      seeds,
      renew: this.#renew,
      onBytes: this.#startPhase('restore', this.open.contents.size),
      onLost: (lost) => {
        if (this.options.onDamage !== 'zero') throw damageError(this.open, lost);
        this.#lost.push(lost);
      },
    };
  }

  readonly #renew = () => this.opened.renew();

  #startPhase(phase: 'restore' | 'verify', totalBytes: number): (bytes: number) => void {
    this.#doneBytes = 0;
    return (bytes) => {
      this.#doneBytes += bytes;
      this.#report.tell(() => ({ phase, doneBytes: this.#doneBytes, totalBytes }));
    };
  }

  #result(target: string, outcome: Outcome, verified: boolean): RestoreResult {
    const { image, contents } = this.open;
    const { writtenBytes, seedBytes, differentBytes } = outcome;
    const phase = verified ? 'verify' : 'restore';
    this.#report.finish({ phase, doneBytes: contents.size, totalBytes: contents.size });
    return {
      image,
      target,
      size: contents.size,
      writtenBytes,
      ...(differentBytes === undefined ? {} : { sameBytes: contents.size - differentBytes, differentBytes }),
      seedBytes,
      damagedRanges: joinRanges(this.#lost),
      verified,
      seconds: (this.engine.environment.monotonic() - this.#started) / 1000,
    };
  }
}

function joinRanges(lost: readonly Extent[]): readonly Extent[] {
  const ranges: Extent[] = [];
  for (const { offset, length } of [...lost].sort((a, b) => a.offset - b.offset))
    appendExtent(ranges, { offset, length });
  return ranges;
}

function damageError({ image }: OpenContents, lost: LostRange): StoreError {
  const what = lost.chunk === undefined ? '' : `Chunk ${lost.chunk.slice(0, 12)}… cannot be had: `;
  return new StoreError(
    lost.code,
    `${what}image ${shortName(image)} needs it at byte ${lost.offset} (${lost.length} bytes), but ${lost.reason}; --on-damage zero restores the rest`,
    {
      image: image.id,
      offset: lost.offset,
      length: lost.length,
      ...(lost.chunk === undefined ? {} : { chunk: lost.chunk }),
    },
  );
}
