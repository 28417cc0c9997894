/**
 * Notes which packs were read and found sound, every half minute and at the end, so that a scrub that is stopped has not
 * worked for nothing. Each note stands under a lease of its own (SPEC.md, `attested/`), so a long scrub changes leases
 * as a long reader does.
 */
import type { Attestation, PackId } from '../../store-format/index.js';
import { attest } from '../engine/attest.js';
import type { Engine } from '../engine/engine.js';
import { HeldLease } from '../engine/lease.js';
import { StoreError } from '../errors.js';

const NOTE_AFTER_MS = 30_000;
type Depth = Attestation['depth'];

/** A note of more packs than this would be large; a pack takes 67 bytes. */
const MAX_PACKS = 10_000;

export class Attestations {
  #packs: Record<Depth, PackId[]> = { stored: [], decoded: [] };
  #sinceMs: number;
  readonly #startedMs: number;

  constructor(private readonly engine: Engine) {
    this.#sinceMs = engine.environment.monotonic();
    this.#startedMs = engine.environment.now();
  }

  async add(pack: PackId, depth: Depth): Promise<void> {
    this.#packs[depth].push(pack);
    const isOld = this.engine.environment.monotonic() - this.#sinceMs >= NOTE_AFTER_MS;
    if (isOld || this.#packs[depth].length >= MAX_PACKS) await this.write();
  }

  async write(): Promise<void> {
    const packs = this.#packs;
    this.#packs = { stored: [], decoded: [] };
    this.#sinceMs = this.engine.environment.monotonic();
    for (const depth of ['decoded', 'stored'] as const) await this.#write(depth, packs[depth]);
  }

  /** A store that is full or fails to write is scrubbed all the same: the next scrub knows nothing of it. */
  async #write(depth: Depth, packs: readonly PackId[]): Promise<void> {
    const { objects, environment, warn } = this.engine;
    if (packs.length === 0 || objects.readOnly) return;
    try {
      const lease = await HeldLease.take(objects, environment, 'scrub');
      try {
        await attest(this.engine, lease.id, { depth, startedMs: this.#startedMs, packs });
      } finally {
        await lease.release();
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      warn({ code: 'object-skipped', message: `${error.message}: which packs were checked is not recorded` });
    }
  }
}
