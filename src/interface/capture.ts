import type { Extent } from '../../store-format/index.js';
import type { Image } from './image.js';
import type { OperationOptions } from './operation.js';

export interface CaptureOptions extends OperationOptions {
  readonly tag?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly description?: string;
  /** Record a plain SHA-256 besides the digest. */
  readonly sha256?: boolean;
  /** Default 'fail'. 'zero' goes on past sectors that cannot be read and records them. */
  readonly onReadError?: 'fail' | 'zero';
  /** Count what would be new and write nothing. */
  readonly dryRun?: boolean;
  /** zstd level 1 to 19; the store's setting by default. */
  readonly level?: number;
  /** Shell commands around the read; `after` runs always once `before` was started. */
  readonly before?: string;
  readonly after?: string;
  /**
   * Reference of the image that the disk is a later version of: what equals it is neither cut nor looked up. Found by
   * itself when absent (the newest of the name, else the image that has most in common); `false` uses none. The
   * image that comes out is the same.
   */
  readonly parent?: string | false;
  /**
   * Byte ranges of a file or device that have changed since `parent`, which must be given: only these are read. A
   * random sample of the rest is compared with the parent; where that differs, all is read, with a warning.
   */
  readonly changedRanges?: readonly Extent[];
  /** Recorded as the source's path when the source is a stream. */
  readonly sourceName?: string;
}

export interface CaptureResult {
  /** Absent in a dry run. */
  readonly image?: Image;
  readonly size: number;
  readonly zeroBytes: number;
  readonly sharedBytes: number;
  readonly newBytes: number;
  /** 0 in a dry run. */
  readonly storedBytes: number;
  readonly chunks: number;
  readonly newChunks: number;
  readonly digest: string;
  readonly sha256?: string;
  readonly badRanges: readonly Extent[];
  readonly seconds: number;
}
