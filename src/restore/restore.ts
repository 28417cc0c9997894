/**
 * Restore: an image becomes a disk again. Every chunk is checked before it is written; a file appears under its name
 * when it is whole; a device is refused while anybody uses it.
 */
import { appendExtent, type Extent, toHex } from '../../store-format/index.js';
import { type OpenContents, openContents } from '../contents/open-contents.js';
import type { LostRange } from '../contents/resolve-segment.js';
import { isLost, resolveSegment } from '../contents/resolve-segment.js';
import { inspectTarget, openDiskTarget } from '../disks/disk-target.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import { shortName } from '../images/image-library.js';
import type { RestoreOptions, RestoreResult } from '../interface.js';
import type { PackCatalog } from '../packs/pack-catalog.js';
import { ProgressReport } from '../progress.js';
import { readBack } from './read-back.js';
import { type WriteSettings, writeDisk } from './write-disk.js';
import { writeStream } from './write-stream.js';

export async function restore(
  engine: Engine,
  reference: string,
  target: string | NodeJS.WritableStream,
  options: RestoreOptions,
): Promise<RestoreResult> {
  const open = await openContents(engine, [reference], options);
  try {
    const run = new RestoreRun(engine, open.catalog, open.images[0]!, options);
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

  constructor(
    private readonly engine: Engine,
    private readonly catalog: PackCatalog,
    private readonly open: OpenContents,
    private readonly options: RestoreOptions,
  ) {
    this.#started = engine.environment.monotonic();
    this.#report = new ProgressReport(engine.environment, options);
  }

  async write(target: string | NodeJS.WritableStream): Promise<RestoreResult> {
    if (typeof target === 'string') return this.#toDisk(target);
    const { contents } = this.open;
    const { writtenBytes } = await writeStream(this.engine, this.catalog, contents, target, this.#settings());
    return this.#result('stream', writtenBytes, false);
  }

  async #toDisk(path: string): Promise<RestoreResult> {
    const { contents } = this.open;
    const target = await openDiskTarget(this.#request(path));
    let verified = false;
    let writtenBytes: number;
    try {
      ({ writtenBytes } = await writeDisk(this.engine, this.catalog, contents, target, this.#settings()));
      if (this.options.verify && this.#lost.length === 0) {
        const onBytes = this.#startPhase('verify', contents.size);
        await readBack(this.engine.workers, contents, target, this.options.signal, onBytes);
        verified = true;
      }
      this.options.signal?.throwIfAborted();
    } catch (error) {
      await target.abandon();
      throw error;
    }
    await target.finish();
    return this.#result(path, writtenBytes, verified);
  }

  /** A dry run: the target would do, and every chunk has a home. */
  async check(target: string | NodeJS.WritableStream): Promise<RestoreResult> {
    if (typeof target === 'string') await inspectTarget({ ...this.#request(target), overwrite: true });
    const { contents } = this.open;
    const { onLost, onBytes } = this.#settings();
    for (let number = 0; number < contents.segmentCount; number++) {
      this.options.signal?.throwIfAborted();
      const segment = await resolveSegment(contents, number);
      if (isLost(segment)) onLost(segment);
      else await this.#checkHomes(segment, onLost);
      onBytes(contents.lengthOf(number));
    }
    return this.#result(typeof target === 'string' ? target : 'stream', 0, false);
  }

  async #checkHomes(
    segment: Exclude<Awaited<ReturnType<typeof resolveSegment>>, LostRange>,
    onLost: (lost: LostRange) => void,
  ): Promise<void> {
    const { offsets, lengths } = segment.recipe;
    const ids = Buffer.from(segment.recipe.ids);
    for (let i = 0; i < lengths.length; i++) {
      if ((await this.catalog.find(ids, 32 * i, 'read')) !== undefined) continue;
      onLost({
        offset: segment.offset + offsets[i]!,
        length: lengths[i]!,
        code: 'chunk-missing',
        reason: 'no pack holds it',
        chunk: toHex(ids.subarray(32 * i, 32 * (i + 1))),
      });
    }
  }

  #request(path: string) {
    const nonce = `doppel-${toHex(this.engine.environment.random(6))}`;
    return { path, size: this.open.contents.size, overwrite: this.options.overwrite ?? false, nonce };
  }

  #settings(): WriteSettings {
    return {
      signal: this.options.signal,
      onBytes: this.#startPhase('restore', this.open.contents.size),
      onLost: (lost) => {
        if (this.options.onDamage !== 'zero') throw damageError(this.open, lost);
        this.#lost.push(lost);
      },
    };
  }

  #startPhase(phase: 'restore' | 'verify', totalBytes: number): (bytes: number) => void {
    this.#doneBytes = 0;
    return (bytes) => {
      this.#doneBytes += bytes;
      this.#report.tell(() => ({ phase, doneBytes: this.#doneBytes, totalBytes }));
    };
  }

  #result(target: string, writtenBytes: number, verified: boolean): RestoreResult {
    const { image, contents } = this.open;
    const phase = verified ? 'verify' : 'restore';
    this.#report.finish({ phase, doneBytes: contents.size, totalBytes: contents.size });
    return {
      image,
      target,
      size: contents.size,
      writtenBytes,
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
