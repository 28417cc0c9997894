/** What every long operation takes, and what it tells on its way. */

/**
 * Something odd that does not stop the work. Of gc: `lease-broken` is the lease of a dead process that was ended,
 * `pack-damaged` a pack that cannot be read and is left alone.
 */
export interface Warning {
  readonly code:
    | 'source-mounted'
    | 'source-read-errors'
    | 'index-rebuilt'
    | 'index-unusable'
    | 'no-lease'
    | 'image-unreadable'
    | 'object-skipped'
    | 'hook-failed'
    | 'parent-unusable'
    | 'changed-ranges-unusable'
    | 'portable-hash'
    | 'lease-broken'
    | 'pack-damaged'
    | 'seed-incomplete'
    | 'target-incomplete'
    | 'rolled-back'
    | 'weak-key'
    | 'key-leftovers'
    | 'own-work-unusable';
  readonly message: string;
}

export interface Progress {
  /** What is going on: reading a source, a seed, writing a target, checking stored bytes, reading pack footers. */
  readonly phase:
    | 'capture'
    | 'seed'
    | 'restore'
    | 'copy'
    | 'verify'
    | 'scrub'
    | 'digest'
    | 'index'
    | 'mark'
    | 'repack'
    | 'wait';
  /** 0 while waiting. */
  readonly doneBytes: number;
  /** While waiting: how many leases of others have not ended. */
  readonly leases?: number;
  /** Unknown for a stream. */
  readonly totalBytes?: number;
  readonly newBytes?: number;
  readonly sharedBytes?: number;
  readonly zeroBytes?: number;
}

/** What every long operation takes. */
export interface OperationOptions {
  /** Stops the work cleanly; the signal's reason is thrown. */
  readonly signal?: AbortSignal;
  /** Called a few times per second. */
  readonly onProgress?: (progress: Progress) => void;
}
