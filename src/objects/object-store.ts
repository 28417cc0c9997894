import type { Vault } from '../encryption/vault.js';

/**
 * Where a store's objects live: five verbs, and what some places can do besides.
 *
 * Every object but a lease is immutable (SPEC.md, I1) and appears in one atomic step. All errors are `StoreError`s: missing,
 * unreadable and no space are three things.
 */
export interface ObjectStore {
  /** For messages. */
  readonly location: string;
  readonly readOnly: boolean;

  /** The object's bytes, or a part of them; `size` is the length of the whole. @throws object-missing */
  get(key: string, range?: ByteRange): Promise<Fetched>;
  /** Length in bytes, undefined when there is no such object. */
  size(key: string): Promise<number | undefined>;
  /** When the object appeared, milliseconds since 1970; undefined when there is none. Policy only, never safety. */
  modified(key: string): Promise<number | undefined>;
  /** Keys of the objects right below a folder, in no order; for `packs`, those of all its shards. */
  list(folder: string): Promise<string[]>;
  delete(key: string): Promise<void>;
  /** Writes whatever was there before: for leases, the only objects that change. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /**
   * Creates if absent, atomically and durably. The loser reads the winner, and makes it durable before it returns.
   */
  claim(key: string, bytes: Uint8Array): Promise<Claim>;
  /** Starts an object whose key follows from its bytes. @param owner lease id: marks what a crash leaves behind */
  upload(owner: string): Promise<Upload>;
  /** Makes the folder entries of these keys durable: before anything relies on them. */
  settle(keys: Iterable<string>): Promise<void>;
  /** Creates the lease object and holds it, so that others can see its holder live. */
  hold(key: string, bytes: Uint8Array): Promise<Hold>;
  /** Whether the holder of a lease object lives. */
  isHeld(key: string): Promise<boolean>;
  /** Deletes what uploads of dead owners left. */
  sweep(): Promise<void>;
  /** What uploads have written and not finished; absent where a place does not show it. */
  temporaries?(): Promise<Temporaries>;
  /** Bytes that can still be written; absent where a place does not say. */
  freeBytes?(): Promise<number>;
  /** The same objects as they stand there, for whoever moves them unopened; absent where nothing is sealed. */
  readonly asSealed?: ObjectStore;
  /** What packs are sealed with in this place; absent where they are not. */
  readonly vault?: Vault;
  /** The file that is the object, where workers can read it themselves. */
  localPath?(key: string): string;
}

export type ByteRange = { readonly offset: number; readonly length: number } | { readonly last: number };

export interface Fetched {
  readonly bytes: Buffer;
  readonly size: number;
}

export type Claim = { readonly won: true } | { readonly won: false; readonly winner: Buffer };

export interface Upload {
  append(bytes: Uint8Array): Promise<void>;
  /** Durable under its key when this resolves. */
  finish(key: string): Promise<void>;
  abort(): Promise<void>;
}

export interface Temporaries {
  readonly files: number;
  readonly bytes: number;
  /** Of these, what dead owners left: `sweep` deletes it. */
  readonly leftFiles: number;
  readonly leftBytes: number;
}

export interface Hold {
  /** Deletes the lease object: its holder is done. */
  release(): Promise<void>;
  /** Leaves the lease object behind, held by nobody. */
  leave(): Promise<void>;
}
