/** A store: how it is made and opened, and what it does. */
import type { CaptureOptions, CaptureResult } from './capture.js';
import type { DiffResult } from './comparison.js';
import type { CopyOptions, CopyResult } from './copy.js';
import type { BrokenLease, DoctorReport } from './doctor.js';
import type { VerifyResult } from './findings.js';
import type { GcOptions, GcResult } from './gc.js';
import type { Image, ImageFilter, ImageReader } from './image.js';
import type { StoreKeys } from './keys.js';
import type { MaintainOptions, MaintainResult } from './maintain.js';
import type { OperationOptions, Warning } from './operation.js';
import type { RestoreOptions, RestoreResult } from './restore.js';
import type { PruneOptions, PruneResult, RetentionPolicy, StoredPolicy } from './retention.js';
import type { ScrubOptions, ScrubResult } from './scrub.js';
import type { StoreStats, Usage } from './statistics.js';

export interface RebuildResult {
  readonly packs: number;
  readonly entries: number;
  /** Keys of packs whose footers cannot be read: their entries are not in the index. */
  readonly damagedPacks: readonly string[];
  readonly seconds: number;
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

export interface Store {
  readonly info: StoreInfo;
  /** Undefined where the store has none. */
  readonly keys: StoreKeys | undefined;
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
  /**
   * Copies images to another store, with the same keys and parameters or others. They keep their image ids, times and
   * labels; an image that is there already is passed by, and one that is damaged here is told.
   *
   * @param references images to copy; all live ones when empty. @param target folder of the other store, or the store
   */
  copy(references: readonly string[], target: string | Store, options?: CopyOptions): Promise<CopyResult>;
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
  /**
   * Reads packs and checks every byte of them, all manifests and records, and whether images miss anything. Finds are
   * values; with `repair` what can be mended is.
   */
  scrub(options?: ScrubOptions): Promise<ScrubResult>;
  /** Prunes by the store's policies, collects, and scrubs a slice: what a timer calls every night. */
  maintain(options?: MaintainOptions): Promise<MaintainResult>;
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
  /**
   * Marks images removed that no rule of their name's policy keeps; `undelete` brings each back until gc has purged it.
   * The newest image of a name always stays, and so do protected ones. Where machines may only write, images of a name are
   * judged writer by writer, so that no machine's images go for those of another.
   *
   * @throws bad-setting when there is no policy to go by, unknown-reference when a name has no image
   */
  prune(options?: PruneOptions): Promise<PruneResult>;
  /** Those that the store keeps. The first of them that matches a name is the one for it. */
  policies(): Promise<readonly StoredPolicy[]>;
  /** The one of exactly this pattern, else the one that is for the name. @throws bad-setting when there is none */
  policy(nameOrPattern: string): Promise<StoredPolicy>;
  /** Sets the policy of a pattern, in place of the one that it had. @throws bad-name, bad-setting */
  setPolicy(pattern: string, policy: RetentionPolicy): Promise<StoredPolicy>;
  /** @throws bad-setting when the store has none of that pattern */
  removePolicy(pattern: string): Promise<StoredPolicy>;
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
  /** Gives the store keys: what it holds is sealed and signed. */
  readonly encrypt?: EncryptOptions;
  /** As of `OpenOptions`. */
  readonly stateFolder?: string | false;
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
  /** Asked once, when the store turns out to have keys. */
  readonly unlock?: (store: LockedStore) => Promise<Secret>;
  /** Refuses a store without keys: whoever serves it could show one in place of the store that has them. */
  readonly requireKeys?: boolean;
  /**
   * Where this client remembers what it saw of stores with keys, so that an older state of one is found out; a state folder
   * of the user's by default, `false` for no memory.
   */
  readonly stateFolder?: string | false;
  /** Takes what the store shows now for right, whatever was seen before. */
  readonly trust?: boolean;
}

/** What can be said of a store that is not open. */
export interface LockedStore {
  readonly id: string;
  readonly location: string;
  /** Ids of the slots that open it. */
  readonly slots: readonly string[];
}

/** What a user opens a store with: a passphrase, or the text of a key file. */
export type Secret =
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'key'; readonly text: string };

/** How the first slot of a new store with keys is opened. */
export interface EncryptOptions {
  /** Absent: by a key file alone. */
  readonly passphrase?: string;
  /** What makes a key of the passphrase; scrypt by default. */
  readonly kdf?: 'scrypt' | 'argon2id';
  /** Takes the text of a key file that opens the store, before there is one. */
  readonly onKey?: (text: string) => Promise<void>;
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
