/** What verify, scrub and doctor find: values, not throws. */
import type { Image } from './image.js';

/** Something is broken: data is lost, or cannot be read, or a record that others must obey makes no sense. */
export interface Problem {
  readonly code:
    | 'chunk-damaged'
    | 'chunk-missing'
    | 'object-damaged'
    | 'object-missing'
    | 'object-unreadable'
    /** The store shows less than this client has seen. */
    | 'rolled-back';
  readonly message: string;
  /** Reference of the image that is hurt. */
  readonly image?: string;
  readonly offset?: number;
  readonly length?: number;
  readonly chunk?: string;
  readonly object?: string;
}

/** Something is odd and does no harm. */
export interface Hint {
  readonly code: /** A file that is no object of a store. */
    | 'stray-object'
    /** A damaged record that others have replaced, or that nobody has to obey. */
    | 'record-damaged'
    /** A pack that a repair has emptied: it waits for gc. */
    | 'pack-emptied'
    /** The disk could not be read everywhere when the image was captured: zeros stand there. */
    | 'source-read-errors'
    /** An image that its writer had no right to publish under its name: it is none of that name. */
    | 'image-not-allowed'
    /** The lease of a process that is gone: the next gc ends it. */
    | 'lease-dead'
    /** A gc that did not end: the next one goes on. */
    | 'gc-unfinished'
    /** What killed processes left: the next capture or gc deletes it. */
    | 'left-behind';
  readonly message: string;
  readonly object?: string;
  /** Reference of the image that it is about. */
  readonly image?: string;
}

export interface VerifyResult {
  readonly images: readonly { readonly image: Image; readonly ok: boolean }[];
  readonly problems: readonly Problem[];
  readonly hints: readonly Hint[];
  /** Distinct entries and plain bytes that were read and hashed. */
  readonly checkedChunks: number;
  readonly checkedBytes: number;
  readonly seconds: number;
}
