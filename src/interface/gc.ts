import type { OperationOptions } from './operation.js';

export interface GcOptions extends OperationOptions {
  /** Say what would be done, and change nothing. */
  readonly dryRun?: boolean;
  /** Bytes of packs that may be rewritten at most; the rest is left to later runs. */
  readonly maxRepackBytes?: number;
  /**
   * How long removed images, and whole packs that no image names yet, are kept, in milliseconds. By default each has
   * the store's setting.
   */
  readonly graceMs?: number;
  /**
   * How long to wait for captures and reads that began before this run condemned packs, in milliseconds; 10 minutes by
   * default. What still waits then is left to the next run.
   */
  readonly waitMs?: number;
}

export interface GcResult {
  /** Removed images that cannot be brought back any more. */
  readonly purgedImages: number;
  /** Removed images that stay for their grace, a pin, or somebody who reads them. */
  readonly keptImages: number;
  /** Packs that nothing needed, and those whose rest went to new packs. */
  readonly droppedPacks: number;
  readonly repackedPacks: number;
  /** Bytes of the packs that are gone, less those of the packs written instead. A dry run's is an estimate. */
  readonly freedBytes: number;
  /** Bytes of the packs written. */
  readonly rewrittenBytes: number;
  /**
   * Packs condemned and not gone yet: somebody who began before still works, or what images need of them cannot be read
   * (a warning says so). The next run goes on with them.
   */
  readonly waitingPacks: number;
  readonly waitingBytes: number;
  /** Packs and their bytes in the store when the run began. */
  readonly packs: number;
  readonly packBytes: number;
  /** Bytes in the packs that stay which nothing needs. */
  readonly unneededBytes: number;
  readonly seconds: number;
}
