/** Who works with a store, and what waits in it. */
import type { Hint, Problem } from './findings.js';
import type { Health } from './health.js';
import type { StoreInfo, Versions } from './store.js';

/** An image that a lease or a pin keeps. */
export interface KeptImage {
  /** 32 hex digits: the manifest's name in `images/`. */
  readonly publication: string;
  /** `name@id`; absent when its manifest is gone or cannot be read. */
  readonly image?: string;
}

/** Whether a lease's holder lives; `unknown` where nobody can tell, as in a store that cannot be written. */
export type LeaseState = 'alive' | 'dead' | 'unknown';

export interface LeaseReport {
  /** 32 hex digits. */
  readonly id: string;
  readonly state: LeaseState;
  /** What the lease says about its holder; absent when the lease cannot be read. */
  readonly holder?: {
    /** capture, read, gc, … */
    readonly purpose: string;
    readonly host: string;
    readonly pid: number;
    readonly command: string;
    readonly started: Date;
  };
  /** Images whose data the lease keeps. */
  readonly images: readonly KeptImage[];
}

export interface PinReport {
  /** 32 hex digits. */
  readonly id: string;
  readonly created: Date;
  readonly reason: string;
  readonly images: readonly KeptImage[];
}

export interface GcReport {
  /** The latest run, when it has not said that it finished: alive, it runs now; dead, it was killed or stopped. */
  readonly unfinished?: { readonly lease: string; readonly started: Date; readonly state: LeaseState };
  /** The latest run that finished. */
  readonly finished?: {
    readonly started: Date;
    readonly finished: Date;
    readonly condemnedPacks: number;
    readonly unlinkedPacks: number;
    readonly rewrittenBytes: number;
    readonly freedBytes: number;
  };
}

/** Who works with a store, what waits in it, how it fares, and what of it cannot be read. Packs are counted and not read. */
export interface DoctorReport {
  readonly store: StoreInfo;
  readonly versions: Versions;
  /** Bytes that can still be written where the store lies. */
  readonly freeBytes?: number;
  readonly leases: readonly LeaseReport[];
  readonly pins: readonly PinReport[];
  readonly gc: GcReport;
  /** Live images, and when the newest of them was captured. */
  readonly images: number;
  readonly newestImage?: Date;
  /** Removed images that the next gc purges once their grace is over. */
  readonly removedImages: number;
  /** Images that a gc has purged and whose manifest is still there: somebody reads them, or that gc was stopped. */
  readonly purgedImages: number;
  readonly condemned: {
    /** Packs that wait for their deletion, and their bytes. */
    readonly packs: number;
    readonly bytes: number;
    /** Records whose pack is gone: the next gc deletes them. */
    readonly withoutPack: number;
  };
  /** Absent where the store's listings cannot be had. */
  readonly health?: Health;
  /**
   * Files in `tmp/`: being written, or left by processes that died, which the next capture or gc deletes. Whole packs of
   * captures that never published are not told here, as packs would have to be read: gc's dry run counts them.
   */
  readonly temporaries?: {
    readonly files: number;
    readonly bytes: number;
    readonly leftFiles: number;
    readonly leftBytes: number;
  };
  /** What cannot be read, and what images have lost. While there is any, gc may refuse to work. */
  readonly problems: readonly Problem[];
  /** What is odd and does no harm. */
  readonly hints: readonly Hint[];
}

export interface BrokenLease {
  /** As it was before. */
  readonly lease: LeaseReport;
  /** Its holder had published an image before: that stays. */
  readonly published: boolean;
}
