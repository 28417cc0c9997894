/**
 * Brings chunks from packs to a target: [1] find each chunk's home, [2] let workers fetch and check, [3] for what was
 * bad or gone, look again (another copy, a refreshed listing, an index made anew), and only then give up.
 */
import { HASH_BYTES, type PackId, toHex } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import type { Home, PackCatalog } from '../packs/pack-catalog.js';
import type { FetchTarget, IoFailure } from '../workers/jobs.js';
import { FetchPlan, type PlannedJob, type PlannedPiece, toFetchJob } from './fetch-plan.js';

/** A chunk that the store cannot give. */
export interface LostPiece {
  /** 64 hex digits. */
  readonly chunk: string;
  readonly target: number;
  readonly length: number;
  readonly code: 'chunk-damaged' | 'chunk-missing';
  readonly reason: string;
}

export interface FetchOutcome {
  readonly writtenBytes: number;
  readonly lost: readonly LostPiece[];
}

export interface FetchSettings {
  readonly target: FetchTarget;
  /** What messages call it. */
  readonly targetName?: string;
  readonly keepFrames?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Plain bytes that were dealt with. */
  readonly onBytes?: (bytes: number) => void;
}

interface BadPiece {
  readonly piece: PlannedPiece;
  readonly reason: string;
}

export class ChunkFetcher {
  #plan = new FetchPlan();
  readonly #lost: LostPiece[] = [];
  #refreshed = false;

  constructor(
    private readonly engine: Engine,
    private readonly catalog: PackCatalog,
  ) {}

  get plannedPieces(): number {
    return this.#plan.pieces;
  }

  /** [1] Plans to put the chunk whose id stands in `ids` at byte `at` to byte `target` of the target. */
  async want(ids: Buffer, at: number, length: number, target: number): Promise<void> {
    const home = this.catalog.findKept(ids, at, 'read') ?? (await this.#locate(ids, at));
    if (home !== undefined) {
      this.#plan.add({ home, target });
      return;
    }
    this.#lost.push({
      chunk: toHex(ids.subarray(at, at + HASH_BYTES)),
      target,
      length,
      code: 'chunk-missing',
      reason: 'no pack holds it',
    });
  }

  async #locate(ids: Buffer, at: number): Promise<Home | undefined> {
    const home = await this.catalog.find(ids, at, 'read');
    if (home !== undefined || this.#refreshed) return home;
    this.#refreshed = true;
    await this.engine.distrustIndex();
    return this.catalog.find(ids, at, 'read');
  }

  /** Carries out what was planned. @throws target-unwritable */
  async run(settings: FetchSettings): Promise<FetchOutcome> {
    let writtenBytes = 0;
    const wrong = new Map<string, PackId[]>();
    while (this.#plan.pieces > 0) {
      const plan = this.#plan;
      this.#plan = new FetchPlan();
      const { written, bad } = await this.#runPlan(plan, settings); // [2]
      writtenBytes += written;
      for (const one of bad) await this.#lookAgain(one, wrong); // [3]
    }
    return { writtenBytes, lost: this.#lost.splice(0) };
  }

  async #runPlan(
    plan: FetchPlan,
    settings: FetchSettings,
  ): Promise<{ written: number; bad: readonly BadPiece[] }> {
    const bad: BadPiece[] = [];
    let written = 0;
    const running = new Set<Promise<void>>();
    try {
      for (const job of plan.jobs()) {
        settings.signal?.throwIfAborted();
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
    for (const { piece, reason } of result.bad) bad.push({ piece: job.pieces[piece]!, reason });
    settings.onBytes?.(job.pieces.reduce((sum, { home }) => sum + home.footer.lengths[home.ordinal]!, 0));
    return result.writtenBytes;
  }

  async #lookAgain({ piece, reason }: BadPiece, wrong: Map<string, PackId[]>): Promise<void> {
    const { footer, ordinal } = piece.home;
    const at = HASH_BYTES * ordinal;
    const chunk = toHex(footer.ids.subarray(at, at + HASH_BYTES));
    const tried = wrong.get(chunk) ?? [];
    tried.push(footer.pack);
    wrong.set(chunk, tried);
    if (!this.#refreshed) {
      this.#refreshed = true;
      await this.catalog.refresh(); // a pack may have been rewritten while we read
    }
    const home = await this.catalog.find(footer.ids, at, 'read', tried);
    if (home !== undefined) this.#plan.add({ home, target: piece.target });
    else {
      const length = footer.lengths[ordinal]!;
      const where = `${reason} (pack ${footer.pack.slice(0, 12)}…)`;
      this.#lost.push({ chunk, target: piece.target, length, code: 'chunk-damaged', reason: where });
    }
  }
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
