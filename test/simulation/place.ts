/**
 * The place that all processes work on: its storage, who holds which lease, what uploads were begun, and requests that are
 * still on their way though nobody waits for them.
 */
import type { Request, SimulatedProcess } from './processes.js';
import type { Random } from './random.js';
import type { Storage } from './storage.js';

/** A file under a temporary name. */
export interface BegunUpload {
  /** Lease id. */
  readonly owner: string;
  readonly pieces: Buffer[];
  readonly begunMs: number;
  /** Somebody deleted it. */
  gone: boolean;
}

export class Place {
  /** Lease key -> the process that keeps it. */
  readonly holders = new Map<string, SimulatedProcess>();
  readonly uploads = new Set<BegunUpload>();
  readonly late: Request[] = [];

  constructor(
    readonly storage: Storage,
    /** True: names are durable at once. */
    readonly isRemote: boolean,
    /** How far listings lag behind. */
    readonly lagMs: number,
    /** What a listing shows of changes that were made while it ran. */
    readonly listingChance: Random,
    readonly nowMs: () => number,
  ) {}

  holds(key: string): boolean {
    const holder = this.holders.get(key);
    return holder?.alive === true && holder.suspension?.looksDead !== true;
  }

  /** A process is gone: nothing of it is held any more. */
  forget(process: SimulatedProcess): void {
    for (const [key, holder] of this.holders) if (holder === process) this.holders.delete(key);
  }
}
