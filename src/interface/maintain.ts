/** The routine that keeps a store healthy: made for a timer. */
import type { GcOptions, GcResult } from './gc.js';
import type { OperationOptions } from './operation.js';
import type { PruneResult } from './retention.js';
import type { ScrubOptions, ScrubResult } from './scrub.js';

export interface MaintainOptions extends OperationOptions {
  readonly gc?: Pick<GcOptions, 'maxRepackBytes' | 'graceMs' | 'waitMs'>;
  /** Which slice is scrubbed: by default a thirtieth of the store, so that each pack is read once in thirty runs. */
  readonly scrub?: Pick<ScrubOptions, 'fraction' | 'olderThanMs' | 'bytesPerSecond' | 'depth'>;
  /** Say what would be done, and change nothing. */
  readonly dryRun?: boolean;
}

export interface MaintainStep {
  readonly step: 'prune' | 'gc' | 'scrub';
  /** Why it could not be done: the steps behind it are done all the same. */
  readonly error?: { readonly code: string; readonly message: string };
  readonly seconds: number;
}

export interface MaintainResult {
  readonly steps: readonly MaintainStep[];
  /** Absent where the store has no policies: nothing is removed then. */
  readonly prune?: PruneResult;
  readonly gc?: GcResult;
  readonly scrub?: ScrubResult;
  readonly seconds: number;
}
