/** Condemned packs on their way out (SPEC.md, section 13, steps 6 to 10; I9). */
import {
  condemnedKey,
  damagedKey,
  encodeRecord,
  type LeaseId,
  type PackId,
  packKey,
} from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { blake3 } from '../hashing/blake3.js';
import type { OperationOptions } from '../interface.js';
import type { CheckedCopies } from '../reachability/checked-copies.js';
import type { LostEntries } from '../reachability/lost-entries.js';
import type { Mark } from '../reachability/mark.js';
import { listRoots, type Manifests } from '../reachability/roots.js';
import type { Footers, NumberedPack } from '../reachability/survey.js';
import { mapConcurrently } from '../system/map-concurrently.js';
import { evacuate } from './evacuation.js';
import { listOthers, waitForLeases } from './leases-of-others.js';
import { markRoots } from './mark-roots.js';

const CLAIMS_AHEAD = 8;
/** Rounds of rescue in one run: each follows from what others did meanwhile. */
const MAX_ROUNDS = 8;

export interface RemovalParts {
  readonly engine: Engine;
  readonly lease: LeaseId;
  readonly manifests: Manifests;
  readonly footers: Footers;
  readonly checked: CheckedCopies;
  readonly lost: LostEntries;
  /** The bound B of the store's listings, milliseconds. */
  readonly listDelayMs: number;
  readonly options: OperationOptions;
  /** Told with how many leases are waited for. */
  readonly onWaiting: (leases: number) => void;
}

export class Removal {
  readonly #pending = new Map<PackId, NumberedPack>();
  readonly #unlinked: NumberedPack[] = [];
  /** Leases listed since the last pack was condemned that have not ended; undefined when they are to be listed. */
  #waitingFor: Set<LeaseId> | undefined;
  #writtenBytes = 0;
  #mark: Mark;

  constructor(
    private readonly parts: RemovalParts,
    mark: Mark,
  ) {
    this.#mark = mark;
  }

  /** Condemned and not gone yet. */
  get waiting(): readonly NumberedPack[] {
    return [...this.#pending.values()];
  }

  get unlinked(): readonly NumberedPack[] {
    return this.#unlinked;
  }

  /** Bytes of packs that had to be written for what would have been lost otherwise. */
  get rescuedBytes(): number {
    return this.#writtenBytes;
  }

  /** Goes on with packs that an earlier run condemned. */
  resume(packs: readonly NumberedPack[]): void {
    for (const pack of packs) this.#pending.set(pack.id, pack);
    this.#waitingFor = undefined;
  }

  /** From here on no writer takes these packs for a home, for good (SPEC.md, I6). */
  async condemn(packs: readonly NumberedPack[]): Promise<void> {
    const { engine, lease } = this.parts;
    await mapConcurrently(packs, CLAIMS_AHEAD, async (pack) => {
      const key = condemnedKey(pack.id);
      const record = { pack: pack.id, gc: lease, atMs: engine.environment.now() };
      await engine.objects.claim(key, encodeRecord('condemned', key, record, blake3));
    });
    this.resume(packs);
  }

  /**
   * Unlinks what is condemned, once nobody can rely on it.
   *
   * @param waitMs how long to wait for those who began before it was condemned
   */
  async finish(waitMs: number): Promise<void> {
    const { engine, listDelayMs, options } = this.parts;
    for (let round = 0; round < MAX_ROUNDS && this.#pending.size > 0; round++) {
      await this.#wait(waitMs); // [7]
      if (this.#waitingFor!.size > 0) return;
      if (listDelayMs > 0) await engine.environment.sleep(listDelayMs, options.signal);
      await this.#markAnew(); // [8]
      const going = this.#mark.survey.packs.filter(({ id }) => this.#pending.has(id));
      const parts = { ...this.parts, mark: this.#mark, signal: options.signal };
      const { homes, stuck, writtenBytes } = await evacuate(parts, going); // [9]
      this.#writtenBytes += writtenBytes;
      if (writtenBytes > 0) {
        this.#waitingFor = undefined; // rescued: a listing that shows the copies decides
        continue;
      }
      await this.#unlink(
        going.filter(({ id }) => !stuck.has(id)),
        homes,
      ); // [10]
      for (const id of this.#pending.keys()) if (!stuck.has(id)) this.#pending.delete(id);
      return;
    }
  }

  /** Every lease listed after packs were condemned may be of one who did not see that. */
  async #wait(waitMs: number): Promise<void> {
    const { engine, lease, listDelayMs, options, onWaiting } = this.parts;
    if (this.#waitingFor === undefined) {
      // Records of others are seen before they are durable, and leases are listed after they are.
      await engine.objects.settle(Array.from(this.#pending.keys(), condemnedKey));
      if (listDelayMs > 0) await engine.environment.sleep(2 * listDelayMs, options.signal);
      this.#waitingFor = await listOthers(engine, lease);
    }
    await waitForLeases(engine, this.#waitingFor, { own: lease, waitMs, signal: options.signal, onWaiting });
  }

  /**
   * All roots are listed; what they need is known already unless there is one among them that was not marked: manifests,
   * pages and recipes never change.
   */
  async #markAnew(): Promise<void> {
    const { engine, manifests, footers, lost, options } = this.parts;
    const { images: roots } = await listRoots(engine.objects, manifests);
    if ([...roots].every((image) => this.#mark.roots.has(image))) return;
    this.#mark = await markRoots({ engine, footers, manifests, roots, lost }, options);
  }

  async #unlink(packs: readonly NumberedPack[], homes: ReadonlySet<PackId>): Promise<void> {
    const { objects } = this.parts.engine;
    await objects.settle(Array.from(homes, packKey));
    const { damaged } = this.#mark.survey.listing;
    await mapConcurrently(packs, CLAIMS_AHEAD, async (pack) => {
      await objects.delete(packKey(pack.id));
      if (damaged.has(pack.id)) await objects.delete(damagedKey(pack.id));
      await objects.delete(condemnedKey(pack.id));
      this.#unlinked.push(pack);
    });
  }
}
