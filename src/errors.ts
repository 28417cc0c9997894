/**
 * The errors that users of the library and of the command see. Codes are stable; messages name the object and what
 * to do about it. Cancelling is not an error of ours: the signal's reason is thrown untouched.
 */
export type StoreErrorCode =
  // the store as a whole
  | 'store-missing'
  | 'not-a-store'
  | 'store-exists'
  | 'unsupported-format'
  | 'unsupported-feature'
  | 'store-read-only'
  // its keys
  | 'key-needed'
  | 'key-wrong'
  | 'key-forbids'
  | 'bad-key'
  // what was asked for
  | 'bad-name'
  | 'bad-reference'
  | 'unknown-reference'
  | 'ambiguous-reference'
  | 'bad-setting'
  | 'image-protected'
  | 'image-purged'
  // where images come from
  | 'source-missing'
  | 'source-unreadable'
  | 'source-shrank'
  | 'hook-failed'
  // where images go to
  | 'target-exists'
  | 'target-needs-consent'
  | 'target-busy'
  | 'target-too-small'
  | 'target-unwritable'
  | 'target-mismatch'
  // what is stored
  | 'object-damaged'
  | 'object-missing'
  | 'object-unreadable'
  | 'chunk-damaged'
  | 'chunk-missing'
  | 'rolled-back'
  // the world
  | 'no-space'
  | 'conflict'
  | 'lease-broken'
  | 'gc-running'
  | 'io-failed';

/** Typed extras of an error: what `--json` shows under `details`. */
export interface StoreErrorDetails {
  readonly store?: string;
  /** Key of an object in the store. */
  readonly object?: string;
  readonly reference?: string;
  readonly candidates?: readonly string[];
  readonly image?: string;
  /** Byte offset in the image, source or target. */
  readonly offset?: number;
  readonly length?: number;
  readonly chunk?: string;
  readonly pack?: string;
  readonly path?: string;
  readonly neededBytes?: number;
  readonly availableBytes?: number;
  readonly exitCode?: number;
  /** Whether the change came into force could not be found out. */
  readonly uncertain?: boolean;
  /** The system's code, such as EIO. */
  readonly errno?: string;
}

export class StoreError extends Error {
  override readonly name = 'StoreError';

  constructor(
    readonly code: StoreErrorCode,
    message: string,
    readonly details: StoreErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The errno code of a system error, such as "ENOENT". */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
