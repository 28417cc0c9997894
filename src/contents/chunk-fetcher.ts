/**
 * Brings chunks from packs and seeds to a target: [1] find each chunk's home, or the place where a seed seems to hold
 * it, [2] let workers fetch and check, [3] for what was bad or gone, look again (what a seed failed to give, in the
 * store; else another copy, a refreshed listing, an index made anew), and only then give up.
 */
import { HASH_BYTES, type PackId, toHex } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import type { Home, PackCatalog } from '../packs/pack-catalog.js';
import { CHUNK_COPIES } from '../packs/sought.js';
import type { FetchTarget, IoFailure, WhyBad } from '../workers/jobs.js';
import { FetchPlan, type PlannedJob, toFetchJob } from './fetch-plan.js';
import { idOf, isSeedPiece, lengthOf, type PlannedPiece, type StoredPiece } from './planned-piece.js';
import type { SeedIndex } from './seed-index.js';

/** A chunk that the store cannot give. */
export interface LostPiece {
  /** 64 hex digits. */
  readonly chunk: string;
  readonly target: number;
  readonly length: number;
  readonly code: 'chunk-damaged' | 'chunk-missing' | 'object-unreadable';
  readonly reason: string;
}

export interface FetchOutcome {
  readonly writtenBytes: number;
  /** Plain bytes of the pieces that came from seeds. */
  readonly seedBytes: number;
  readonly lost: readonly LostPiece[];
}

export interface FetchSettings {
  readonly target: FetchTarget;
  /** What messages call it. */
  readonly targetName?: string;
  readonly keepFrames?: boolean;
  /** Called before each job: fetching may take longer than a reader's lease should last. */
  readonly renew?: () => Promise<void>;
  readonly signal?: AbortSignal | undefined;
  /** Plain bytes that were dealt with. */
  readonly onBytes?: (bytes: number) => void;
}

interface BadPiece extends WhyBad {
  readonly piece: PlannedPiece;
}

/** Copies of a chunk that were tried. */
interface Tried {
  readonly packs: PackId[];
  /** Why one could not be read: what is bad may be good tomorrow. */
  unreadable?: string;
}

export class ChunkFetcher {
  #plan = new FetchPlan();
  readonly #lost: LostPiece[] = [];
  /** Since the last run began. */
  #relisted: Promise<unknown> | undefined;
  #distrusted: Promise<unknown> | undefined;
  /** Ids of the segment being planned, once it needs seeds: a copy, since the original keeps a frame in memory. */
  #kept: { readonly ids: Buffer; readonly copy: Buffer } | undefined;
  #seedBytes = 0;

  /** @param seeds asked before the store */
  constructor(
    private readonly engine: Engine,
    private readonly catalog: PackCatalog,
    private readonly seeds?: SeedIndex | undefined,
  ) {}

  get plannedPieces(): number {
    return this.#plan.pieces;
  }

  /** Takes out what is known already to be in no pack and no seed. */
  takeMissing(): readonly LostPiece[] {
    return this.#lost.splice(0);
  }

  /**
   * [1] Plans to put the chunk whose id stands in `ids` at byte `at` to byte `target` of the target.
   *
   * @returns undefined when that is done; a promise where more than memory must be asked
   */
  want(ids: Buffer, at: number, length: number, target: number): Promise<void> | undefined {
    const place = this.seeds?.find(ids, at);
    if (place !== undefined) {
      const { path: seed, offset } = place;
      this.#plan.add({ seed, offset, length, ids: this.#keep(ids), at, target });
      return undefined;
    }
    return this.#wantStored(this.#plan, ids, at, length, target);
  }

  #keep(ids: Buffer): Buffer {
    if (this.#kept?.ids !== ids) this.#kept = { ids, copy: Buffer.from(ids) };
    return this.#kept.copy;
  }

  #wantStored(
    plan: FetchPlan,
    ids: Buffer,
    at: number,
    length: number,
    target: number,
  ): Promise<void> | undefined {
    const home = this.catalog.findKept(ids, at, CHUNK_COPIES);
    if (home === undefined) return this.#wantLocated(plan, ids, at, length, target);
    this.#addStored(plan, home, length, target);
    return undefined;
  }

  async #wantLocated(
    plan: FetchPlan,
    ids: Buffer,
    at: number,
    length: number,
    target: number,
  ): Promise<void> {
    const home = await this.#locate(ids, at);
    if (home !== undefined) return this.#addStored(plan, home, length, target);
    this.#lost.push({
      chunk: toHex(ids.subarray(at, at + HASH_BYTES)),
      target,
      length,
      ...whyNowhere(this.catalog),
    });
  }

  /** A recipe that gives a chunk another length was forged: the chunk would be written over its neighbours. */
  #addStored(plan: FetchPlan, home: Home, length: number, target: number): void {
    if (home.footer.lengths[home.ordinal] === length) {
      plan.add({ home, target });
      return;
    }
    const chunk = toHex(idOf({ home, target }));
    const reason = 'the recipe gives it another length than its pack';
    this.#lost.push({ chunk, target, length, code: 'chunk-damaged', reason });
  }

  async #locate(ids: Buffer, at: number): Promise<Home | undefined> {
    const home = await this.catalog.find(ids, at, CHUNK_COPIES);
    if (home !== undefined) return home;
    this.#relisted ??= this.catalog.refresh(); // a pack may have been rewritten since it was listed
    await this.#relisted;
    const moved = await this.catalog.find(ids, at, CHUNK_COPIES);
    if (moved !== undefined) return moved;
    this.#distrusted ??= this.engine.distrustIndex(); // others that miss something wait for it, too
    await this.#distrusted;
    return this.catalog.find(ids, at, CHUNK_COPIES);
  }

  /**
   * Carries out what was planned. The next run may be planned meanwhile, but not started.
   *
   * @throws target-unwritable
   */
  async run(settings: FetchSettings): Promise<FetchOutcome> {
    let writtenBytes = 0;
    const wrong = new Map<string, Tried>();
    this.#seedBytes = 0;
    this.#relisted = undefined;
    let plan = this.#plan;
    this.#plan = new FetchPlan();
    while (plan.pieces > 0) {
      const { written, bad } = await this.#runPlan(plan, settings); // [2]
      writtenBytes += written;
      plan = new FetchPlan();
      // A pack may have been rewritten while we read; in every round, as the copies may be rewritten in their turn.
      if (bad.some(({ piece }) => !isSeedPiece(piece))) await this.catalog.refresh();
      for (const { piece, ...why } of bad) {
        if (!isSeedPiece(piece))
          await this.#lookAgain(plan, piece, why, wrong); // [3]
        else await this.#wantStored(plan, piece.ids, piece.at, piece.length, piece.target);
      }
    }
    return { writtenBytes, seedBytes: this.#seedBytes, lost: this.takeMissing() };
  }

  async #runPlan(
    plan: FetchPlan,
    settings: FetchSettings,
  ): Promise<{ written: number; bad: readonly BadPiece[] }> {
    const bad: BadPiece[] = [];
    let written = 0;
    const running = new Set<Promise<void>>();
    try {
      for (const job of plan.jobs(settings.targetName)) {
        settings.signal?.throwIfAborted();
        await settings.renew?.();
        const run = this.#runJob(job, settings, bad).then((bytes) => {
          written += bytes;
          running.delete(run);
        });
        running.add(run);
        if (running.size >= 2 * this.engine.workers.parallelism) await Promise.race(running);
      }
      await Promise.all(running);
    } finally {
      await Promise.allSettled(running); // nobody writes to the target once this has returned
    }
    return { written, bad };
  }

  async #runJob(job: PlannedJob, settings: FetchSettings, bad: BadPiece[]): Promise<number> {
    const { target, targetName, keepFrames = false } = settings;
    const result = await this.engine.workers.fetch(
      await toFetchJob(this.engine.objects, job, target, keepFrames),
    );
    if (result.failure !== undefined) throw targetFailed(result.failure, targetName);
    let bytes = job.pieces.reduce((sum, piece) => sum + lengthOf(piece), 0);
    for (const { piece: number, ...why } of result.bad) {
      const piece = job.pieces[number]!;
      bad.push({ piece, ...why });
      if (job.source === 'seeds') bytes -= lengthOf(piece); // its turn comes once more
    }
    if (job.source === 'seeds') this.#seedBytes += bytes;
    settings.onBytes?.(bytes);
    return result.writtenBytes;
  }

  async #lookAgain(
    plan: FetchPlan,
    piece: StoredPiece,
    { reason, isUnreadable }: WhyBad,
    wrong: Map<string, Tried>,
  ): Promise<void> {
    const { footer, ordinal } = piece.home;
    const at = HASH_BYTES * ordinal;
    const chunk = toHex(idOf(piece));
    const where = `${reason} (pack ${footer.pack.slice(0, 12)}…)`;
    const tried = wrong.get(chunk) ?? { packs: [] };
    tried.packs.push(footer.pack);
    if (isUnreadable) tried.unreadable ??= where;
    wrong.set(chunk, tried);
    const home = await this.catalog.find(footer.ids, at, CHUNK_COPIES, tried.packs);
    if (home !== undefined) return plan.add({ home, target: piece.target });
    const length = footer.lengths[ordinal]!;
    const unreadable = tried.unreadable ?? this.catalog.unreadable?.message;
    const code = unreadable === undefined ? 'chunk-damaged' : 'object-unreadable';
    this.#lost.push({ chunk, target: piece.target, length, code, reason: unreadable ?? where });
  }
}

/** Why a chunk is in no pack that can be read. */
export function whyNowhere({ unreadable }: PackCatalog): Pick<LostPiece, 'code' | 'reason'> {
  return unreadable === undefined
    ? { code: 'chunk-missing', reason: 'no pack holds it' }
    : { code: 'object-unreadable', reason: `no pack that can be read holds it: ${unreadable.message}` };
}

export function targetFailed({ errno, message, offset }: IoFailure, path?: string): StoreError {
  const details = { offset, errno, ...(path === undefined ? {} : { path }) };
  const target = path ?? 'the target';
  return errno === 'ENOSPC'
    ? new StoreError(
        'target-unwritable',
        `No space left for ${target}: it is full at byte ${offset}; free some space there`,
        details,
      )
    : new StoreError('target-unwritable', `Cannot write ${target} at byte ${offset}: ${message}`, details);
}
