/**
 * Leases: a living process's claim on what it reads and writes. A lease is durable before its holder looks at what
 * the store has; gc that lists leases after it condemned something therefore waits for every holder who may not
 * have seen that (SPEC.md, "Leases").
 */
import {
  encodeRecord,
  encodeTombstone,
  imageKey,
  type Lease,
  type LeaseId,
  leaseKey,
  toHex,
} from '../../store-format/index.js';
import type { Environment } from '../environment.js';
import { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import type { Hold, ObjectStore } from '../objects/object-store.js';

export class HeldLease {
  /** A publish was sent, and neither it nor the tombstone was answered. */
  #undecided = false;

  private constructor(
    readonly id: LeaseId,
    private readonly objects: ObjectStore,
    private readonly environment: Environment,
    private readonly hold: Hold,
    private readonly purpose: Lease['purpose'],
  ) {}

  static async take(
    objects: ObjectStore,
    environment: Environment,
    purpose: Lease['purpose'],
    images: readonly string[] = [],
  ): Promise<HeldLease> {
    const id = toHex(environment.random(16)) as LeaseId;
    const lease: Lease = {
      id,
      purpose,
      startedMs: environment.now(),
      host: environment.host,
      pid: environment.pid,
      command: environment.command,
      images: [...images],
      beat: 0,
    };
    const key = leaseKey(id);
    const hold = await objects.hold(key, encodeRecord('lease', key, lease, blake3));
    return new HeldLease(id, objects, environment, hold, purpose);
  }

  /**
   * Publishes the manifest that this lease entitles to, or finds the lease broken: whoever claims the key first wins
   * (SPEC.md, I4).
   *
   * @throws lease-broken
   */
  async publish(manifest: Uint8Array): Promise<void> {
    const key = imageKey(this.id);
    let claim: Awaited<ReturnType<ObjectStore['claim']>>;
    try {
      claim = await this.objects.claim(key, manifest);
    } catch (error) {
      // Sent, but decided? The lease may only end when its key is: give up by claiming it.
      claim = await this.#giveUp(key, error);
    }
    if (claim.won || Buffer.compare(claim.winner, manifest) === 0) return;
    throw new StoreError(
      'lease-broken',
      `This ${this.purpose} was taken for dead and its lease was broken; nothing was published: run it again`,
      { object: key },
    );
  }

  /** @throws the first error unless the key turns out to hold the manifest */
  async #giveUp(key: string, error: unknown): ReturnType<ObjectStore['claim']> {
    const tombstone = {
      pubId: this.id,
      by: this.id,
      atMs: this.environment.now(),
      reason: 'the publish failed',
    };
    this.#undecided = true;
    const claim = await this.objects.claim(key, encodeTombstone(tombstone, blake3));
    this.#undecided = false;
    if (claim.won) throw error;
    return claim;
  }

  /**
   * Ends the lease. While nobody knows what stands under its key, the lease object is left for gc to decide (I8). One that
   * cannot be deleted is left to gc as well, held by nobody: what its holder has done is done.
   */
  async release(): Promise<void> {
    if (this.#undecided) return this.hold.leave();
    try {
      await this.hold.release();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      await this.hold.leave();
    }
  }
}
