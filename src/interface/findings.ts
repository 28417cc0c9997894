/** What verify and doctor find. */
import type { Image } from './image.js';

/** A finding of verify or doctor: a value, not a throw. */
export interface Problem {
  readonly code:
    | 'chunk-damaged'
    | 'chunk-missing'
    | 'object-damaged'
    | 'object-missing'
    | 'object-unreadable';
  readonly message: string;
  /** Reference of the image that is hurt. */
  readonly image?: string;
  readonly offset?: number;
  readonly length?: number;
  readonly chunk?: string;
  readonly object?: string;
}

export interface VerifyResult {
  readonly images: readonly { readonly image: Image; readonly ok: boolean }[];
  readonly problems: readonly Problem[];
  /** Distinct entries and plain bytes that were read and hashed. */
  readonly checkedChunks: number;
  readonly checkedBytes: number;
  readonly seconds: number;
}
