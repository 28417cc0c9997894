/** A dry run: every chunk that is needed has a home, and for an update in place how much differs. Nothing is written. */
import { HASH_BYTES, toHex } from '../../store-format/index.js';
import { whyNowhere } from '../contents/chunk-fetcher.js';
import { asBuffer, type ImageContents, type Segment } from '../contents/image-contents.js';
import { isLost, resolveSegment } from '../contents/resolve-segment.js';
import type { SeedIndex } from '../contents/seed-index.js';
import type { HeldDisk } from '../disks/held-disk.js';
import type { PackCatalog } from '../packs/pack-catalog.js';
import { CHUNK_COPIES } from '../packs/sought.js';
import type { Workers } from '../workers/jobs.js';
import { compareDisk } from './compare-disk.js';
import { differingBytes } from './differing-bytes.js';
import type { WriteSettings } from './write-disk.js';

export class RestoreCheck {
  /** Bytes of chunks that seeds seem to hold. */
  seedBytes = 0;

  constructor(
    private readonly catalog: PackCatalog,
    private readonly contents: ImageContents,
    private readonly settings: WriteSettings,
  ) {}

  /** For a target that is written anew. */
  async all(): Promise<void> {
    const { contents, settings } = this;
    for (let number = 0; number < contents.segmentCount; number++) {
      settings.signal?.throwIfAborted();
      await settings.renew();
      const segment = await resolveSegment(contents, number);
      if (isLost(segment)) settings.onLost(segment);
      else await this.#checkHomes(segment, segment.recipe.lengths.keys());
      settings.onBytes(contents.lengthOf(number));
    }
  }

  /** For a target that is updated. @returns bytes that differ */
  async differences(workers: Workers, disk: HeldDisk): Promise<number> {
    const { contents, settings } = this;
    let differentBytes = 0;
    for await (const span of compareDisk(workers, contents, disk, settings.signal)) {
      await settings.renew();
      for (const lost of span.lost) settings.onLost(lost);
      for (const { segment, chunks } of span.segments) await this.#checkHomes(segment, chunks);
      const { chunkBytes, dirtyBytes } = differingBytes(span);
      differentBytes += chunkBytes + dirtyBytes;
      settings.onBytes(span.length);
    }
    return differentBytes;
  }

  async #checkHomes({ offset, recipe }: Segment, chunks: Iterable<number>): Promise<void> {
    const ids = asBuffer(recipe.ids);
    for (const i of chunks) {
      const at = HASH_BYTES * i;
      if (this.#seeds?.find(ids, at) !== undefined) {
        this.seedBytes += recipe.lengths[i]!;
        continue;
      }
      const home =
        this.catalog.findKept(ids, at, CHUNK_COPIES) ?? (await this.catalog.find(ids, at, CHUNK_COPIES));
      if (home !== undefined) continue;
      this.settings.onLost({
        offset: offset + recipe.offsets[i]!,
        length: recipe.lengths[i]!,
        ...whyNowhere(this.catalog),
        chunk: toHex(ids.subarray(at, at + HASH_BYTES)),
      });
    }
  }

  get #seeds(): SeedIndex | undefined {
    return this.settings.seeds;
  }
}
