/**
 * What users of the library see: the store, its images, and what the operations take and give.
 * Sizes and offsets are bytes. Types only; `openStore` makes the real thing.
 */
import type { DiskLayout, Extent } from '../store-format/index.js';

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
    | 'target-incomplete';
  readonly message: string;
}

export interface Progress {
  /** What is going on: reading a source, a seed, writing a target, checking stored bytes, reading pack footers. */
  readonly phase: 'capture' | 'seed' | 'restore' | 'verify' | 'digest' | 'index' | 'mark' | 'repack' | 'wait';
  readonly doneBytes: number;
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

export interface ImageSource {
  readonly kind: 'file' | 'device' | 'stream';
  readonly path: string;
  readonly host: string;
  readonly model?: string;
  readonly serial?: string;
  readonly sectorSize: number;
}

export interface Image {
  /** 32 hex digits. */
  readonly id: string;
  readonly name: string;
  /** Counts the captures of this name, from 1. */
  readonly sequence: number;
  readonly tags: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly description?: string;
  /** When reading the source began. */
  readonly started: Date;
  readonly created: Date;
  readonly size: number;
  /** Bytes that are not in holes. */
  readonly usedBytes: number;
  /** Plain bytes that no image had before this capture. */
  readonly newBytes: number;
  /** What this capture added to the store's files. */
  readonly storedBytes: number;
  readonly chunks: number;
  readonly newChunks: number;
  /** 64 hex digits; `digest()` of a disk with the same bytes gives the same. */
  readonly digest: string;
  readonly sha256?: string;
  readonly source: ImageSource;
  readonly layout: DiskLayout;
  /** Bytes that could not be read and stand as zeros. */
  readonly badBytes: number;
  readonly removed: boolean;
  readonly protected: boolean;
  /** 32 hex digits: the manifest's name in `images/`. */
  readonly publication: string;
  /** Publication of the image that it was predicted from; it may be gone since. */
  readonly parent?: string;
  /** Version of doppel that captured it. */
  readonly writer: string;
}

export interface ImageFilter {
  /** A glob over names, such as `web*`. */
  readonly pattern?: string;
  /** Every label given must match. */
  readonly labels?: Readonly<Record<string, string>>;
  /** `true`: removed images instead of live ones. */
  readonly removed?: boolean;
}

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

export interface RestoreOptions extends OperationOptions {
  /** Consent to replace a file or to overwrite a device. */
  readonly overwrite?: boolean;
  /**
   * Update the file or device where it stands: what it holds is compared with the image, and only 4 KiB blocks that
   * differ are written. A file needs no `overwrite`, a device does. A file gets the image's size; one that is missing is
   * made; all its hard links change with it. Stopped half-way it is part old, part new: restoring again completes it.
   * Not for streams.
   */
  readonly inPlace?: boolean;
  /**
   * Files or devices whose content is looked at first: chunks that they hold are not fetched from the store. Each is
   * read in full; what is taken from it is checked, so it may change meanwhile, and may be the target itself.
   */
  readonly seeds?: readonly string[];
  /** Read the target back and compare. */
  readonly verify?: boolean;
  /**
   * End when the target's bytes are on its disk. Devices, and files that take an old one's name, always are; other
   * files are when the system has written them.
   */
  readonly sync?: boolean;
  /** Default 'fail'. 'zero' restores what can be had and lists the rest. */
  readonly onDamage?: 'fail' | 'zero';
  /** Check that all is there and that the target would do; write nothing. */
  readonly dryRun?: boolean;
}

export interface RestoreResult {
  readonly image: Image;
  readonly target: string;
  readonly size: number;
  /** Bytes written to the target, holes not counted. 0 in a dry run. */
  readonly writtenBytes: number;
  /**
   * In place: bytes of the image that the target held already, and bytes that it did not: those were written, or were
   * data where the image has a hole. A dry run tells them to the edges of chunks: at most `differentBytes` are written.
   */
  readonly sameBytes?: number;
  readonly differentBytes?: number;
  /** Bytes that came from seeds and not from the store. */
  readonly seedBytes: number;
  /** Ranges that stand as zeros because the store could not give them. */
  readonly damagedRanges: readonly Extent[];
  readonly verified: boolean;
  readonly seconds: number;
}

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

export interface Usage {
  /** Plain bytes of distinct chunks that only this image needs, and their share of the stored frames. */
  readonly exclusiveChunks: number;
  readonly exclusiveBytes: number;
  readonly exclusiveStoredBytes: number;
}

export interface StoreStats {
  readonly images: number;
  readonly removedImages: number;
  readonly packs: number;
  /** Sum of image sizes, and of their bytes outside holes. */
  readonly logicalBytes: number;
  readonly usedBytes: number;
  /** Plain bytes of the distinct chunks that live images need. */
  readonly uniqueBytes: number;
  readonly uniqueChunks: number;
  /** Bytes of all objects in the store, the chunk index not counted. */
  readonly storedBytes: number;
  readonly packBytes: number;
  /** Plain bytes in packs that no live image needs. */
  readonly unreferencedBytes: number;
  readonly indexBytes: number;
  /** usedBytes / uniqueBytes */
  readonly dedupRatio: number;
  /** plain bytes in data packs / their stored bytes */
  readonly compressionRatio: number;
  readonly perImage: readonly { readonly image: Image; readonly usage: Usage }[];
}

export interface PartitionDifference {
  /** Number in the partition table; undefined for what lies outside of all partitions. */
  readonly partition?: number;
  readonly name?: string;
  readonly fileSystem?: string;
  readonly differentBytes: number;
  readonly ranges: number;
}

export interface DiffResult {
  readonly a: Image;
  readonly b: Image;
  /** Plain bytes of distinct chunks: in both, in one alone. */
  readonly sharedBytes: number;
  readonly onlyABytes: number;
  readonly onlyBBytes: number;
  /** Bytes at the same offset that are equal in both (holes included), and that are not. */
  readonly sameBytes: number;
  readonly differentBytes: number;
  /** Where they differ, to the edges of chunks; at most 10,000, the rest is in the sums. */
  readonly ranges: readonly Extent[];
  readonly partitions: readonly PartitionDifference[];
}

export interface DigestResult {
  readonly path: string;
  readonly size: number;
  readonly digest: string;
  readonly sha256?: string;
  readonly seconds: number;
}

export interface RebuildResult {
  readonly packs: number;
  readonly entries: number;
  /** Keys of packs whose footers cannot be read: their entries are not in the index. */
  readonly damagedPacks: readonly string[];
  readonly seconds: number;
}

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
  /** Packs condemned and not gone yet: somebody who began before still works. The next run goes on with them. */
  readonly waitingPacks: number;
  readonly waitingBytes: number;
  /** Packs and their bytes in the store when the run began. */
  readonly packs: number;
  readonly packBytes: number;
  /** Bytes in the packs that stay which nothing needs. */
  readonly unneededBytes: number;
  readonly seconds: number;
}

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

/** Who works with a store, what waits in it, and what of it cannot be read. Packs are counted and not read. */
export interface DoctorReport {
  readonly store: StoreInfo;
  readonly versions: Versions;
  /** Bytes that can still be written where the store lies. */
  readonly freeBytes?: number;
  readonly leases: readonly LeaseReport[];
  readonly pins: readonly PinReport[];
  readonly gc: GcReport;
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
  /** Packs that were found damaged: nothing is taken from them any more. */
  readonly damagedPacks: number;
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
  /** What cannot be read. While there is any, gc may refuse to work. */
  readonly problems: readonly Problem[];
}

export interface BrokenLease {
  /** As it was before. */
  readonly lease: LeaseReport;
  /** Its holder had published an image before: that stays. */
  readonly published: boolean;
}

export interface Setting {
  readonly name: string;
  readonly value: number | string | boolean;
  readonly defaultValue: number | string | boolean;
  readonly description: string;
}

export interface StoreInfo {
  readonly id: string;
  readonly location: string;
  readonly format: string;
  readonly created: Date;
  readonly readOnly: boolean;
  readonly hash: string;
  readonly chunker: Readonly<Record<string, number | string>>;
  readonly features: {
    readonly read: readonly string[];
    readonly write: readonly string[];
    readonly collect: readonly string[];
  };
}

/** Random access to one image. Its lease keeps the image's data until `close`. */
export interface ImageReader {
  readonly image: Image;
  readonly size: number;
  /** Fewer bytes than asked for only at the image's end. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface Store {
  readonly info: StoreInfo;
  /** @param source path of a file or block device, or a stream of the disk's bytes */
  capture(
    source: string | AsyncIterable<Uint8Array>,
    name: string,
    options?: CaptureOptions,
  ): Promise<CaptureResult>;
  /** @param target path of a file or block device, or a stream to write to */
  restore(
    reference: string,
    target: string | NodeJS.WritableStream,
    options?: RestoreOptions,
  ): Promise<RestoreResult>;
  /** Sorted by name and sequence. */
  images(filter?: ImageFilter): Promise<readonly Image[]>;
  image(reference: string): Promise<Image>;
  openImage(reference: string): Promise<ImageReader>;
  diff(a: string, b: string, options?: OperationOptions): Promise<DiffResult>;
  usage(reference: string, options?: OperationOptions): Promise<Usage>;
  stats(options?: OperationOptions): Promise<StoreStats>;
  /** @param references images to check; all live ones when empty */
  verify(references?: readonly string[], options?: OperationOptions): Promise<VerifyResult>;
  rebuildIndex(options?: OperationOptions): Promise<RebuildResult>;
  /**
   * Gives back the space of removed images. Captures and restores go on beside it. Safe to stop at any moment.
   *
   * @throws gc-running when another gc works on the store
   */
  gc(options?: GcOptions): Promise<GcResult>;
  /** Who works with the store, what waits in it, and what cannot be read. */
  doctor(): Promise<DoctorReport>;
  /**
   * Ends the lease of a process that hangs or was stopped, so that gc waits for it no more. A capture that wakes up
   * afterwards fails with lease-broken and publishes nothing; a reader may find that its image is gone.
   *
   * @param lease its id, or the start of it
   * @throws unknown-reference, ambiguous-reference
   */
  breakLease(lease: string): Promise<BrokenLease>;
  /** Points `tag` of the image's name to it. */
  tag(reference: string, tag: string): Promise<Image>;
  /** @param reference `name:tag` */
  untag(reference: string): Promise<Image>;
  /** Sets labels, and takes away those whose value is null. */
  label(reference: string, labels: Readonly<Record<string, string | null>>): Promise<Image>;
  protect(reference: string): Promise<Image>;
  unprotect(reference: string): Promise<Image>;
  /** Marks the image removed; `undelete` brings it back until gc has purged it. */
  remove(reference: string): Promise<Image>;
  undelete(reference: string): Promise<Image>;
  settings(): Promise<readonly Setting[]>;
  /** @param value text as a user types it; converted and checked */
  changeSetting(name: string, value: string): Promise<Setting>;
  close(): Promise<void>;
}

export interface InitOptions {
  /** Chunk sizes in bytes; default 4, 16 and 64 KiB. */
  readonly minChunkBytes?: number;
  readonly averageChunkBytes?: number;
  readonly maxChunkBytes?: number;
  /** Default zstd level, 2. */
  readonly level?: number;
}

export interface OpenOptions {
  /** Worker threads; the number of processors by default, at most 16. */
  readonly parallelism?: number;
  /** What is odd in any operation on this store. */
  readonly onWarning?: (warning: Warning) => void;
  /** Where the chunk index of a store that cannot be written lives; a cache folder of the user by default. */
  readonly cacheFolder?: string;
  /** What others are told is at work, such as by `doctor`: the first words of the command line by default. */
  readonly command?: string;
}

/** Which implementation does the work. */
export interface Versions {
  readonly doppel: string;
  readonly format: string;
  readonly node: string;
  readonly platform: string;
  readonly parts: readonly {
    readonly part: string;
    readonly implementation: string;
    readonly native: boolean;
  }[];
}
