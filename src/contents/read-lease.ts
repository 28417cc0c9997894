/**
 * The lease of whoever reads images. gc waits for every lease that is older than what it condemns, so a reader who takes
 * long changes to a new one now and then:
 *
 *   [1] a new lease that names the images, durable   [2] their marks, then their manifests   [3] the packs listed anew
 *   [4] the old lease ends: what is planned from now on knows of all that was condemned while the old one held
 *
 * What was planned before may stand in packs that go now; whoever misses one looks again and finds its copy, which was
 * listed in [3] at the latest, as gc copies before it condemns.
 */
import { imageKey, type PubId } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { HeldLease } from '../engine/lease.js';
import { StoreError } from '../errors.js';
import { findPurged } from '../images/marks.js';
import { shortName } from '../images/short-name.js';
import type { Image } from '../interface.js';

/** A fraction of what gc waits for a reader (10 minutes); a renewal costs two small files and a listing of packs. */
export const RENEW_AFTER_MS = 30_000;

export class ReadLease {
  #takenMs: number;
  #renewing: Promise<void> | undefined;
  #mayRenew = true;

  private constructor(
    private readonly engine: Engine,
    private images: readonly Image[],
    private held: HeldLease | undefined,
  ) {
    this.#takenMs = engine.environment.monotonic();
  }

  /** Read-only stores are read without a lease. */
  static async take(engine: Engine, images: readonly Image[]): Promise<ReadLease> {
    return new ReadLease(engine, images, await takeOrWarn(engine, images));
  }

  /** Names these images alone from the next renewal on. */
  narrowTo(images: readonly Image[]): void {
    this.images = images;
  }

  /**
   * For every turn of a long loop: changes the lease when it is old, else does nothing.
   *
   * @throws image-purged when the lease was broken and gc has taken an image since
   */
  async renew(): Promise<void> {
    if (!this.#isDue) return;
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    await this.#renewing;
  }

  get #isDue(): boolean {
    const { environment, objects } = this.engine;
    return this.#mayRenew && !objects.readOnly && environment.monotonic() - this.#takenMs >= RENEW_AFTER_MS;
  }

  async #renew(): Promise<void> {
    const { environment } = this.engine;
    const takenMs = environment.monotonic();
    const next = await this.#takeNext(); // [1]
    if (next === undefined) {
      this.#takenMs = takenMs; // no space: the old lease goes on holding, and this is tried again later
      return;
    }
    try {
      if (!(await this.#namesRoots())) {
        this.#mayRenew = false;
        await next.release();
        return;
      }
      await this.engine.catalog(); // [3]
    } catch (error) {
      await next.release();
      throw error;
    }
    const old = this.held;
    this.held = next;
    this.#takenMs = takenMs;
    await old?.release(); // [4]
  }

  async #takeNext(): Promise<HeldLease | undefined> {
    try {
      return await takeLease(this.engine, this.images);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'no-space') throw error;
      return undefined;
    }
  }

  /**
   * [2] Whether a lease that is taken now keeps the images. A purge that was decided since the old one was taken heeds
   * the old one only, which is then kept to the end: the image stays readable.
   *
   * @throws image-purged
   */
  async #namesRoots(): Promise<boolean> {
    const { objects } = this.engine;
    const purged = await findPurged(
      objects,
      this.images.map(({ publication }) => publication as PubId),
    );
    for (const image of this.images) {
      if ((await objects.size(imageKey(image.publication as PubId))) === undefined) throw imagePurged(image);
    }
    return purged.size === 0;
  }

  async release(): Promise<void> {
    this.#mayRenew = false;
    await this.#renewing?.catch(() => undefined);
    await this.held?.release();
  }
}

/** A full store must still be readable: what is lost is only that gc waits for this reader. */
async function takeOrWarn(engine: Engine, images: readonly Image[]): Promise<HeldLease | undefined> {
  if (engine.objects.readOnly) return undefined;
  try {
    return await takeLease(engine, images);
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'no-space') throw error;
    engine.warn({
      code: 'no-lease',
      message: `${error.message}. Reading goes on without a lease: no gc must run meanwhile`,
    });
    return undefined;
  }
}

function takeLease({ objects, environment }: Engine, images: readonly Image[]): Promise<HeldLease> {
  const publications = images.map(({ publication }) => publication);
  return HeldLease.take(objects, environment, 'read', publications);
}

export function imagePurged(image: Image): StoreError {
  return new StoreError('image-purged', `Image ${shortName(image)} was purged by gc`, { image: image.id });
}
