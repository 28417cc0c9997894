/**
 * What a store's disk holds, and what it would hold after a power failure. A change of a folder is visible at once and
 * durable when the folder is synced; until then each of the states that a name went through may be the one that a
 * power failure leaves. Places that know no difference (object stores) make every change durable at once.
 *
 * Remembers all changes of each folder, so that listings can lag behind or be overtaken while they run.
 */
import { dirname } from 'node:path/posix';
import type { Random } from './random.js';

export interface StoredFile {
  bytes: Buffer;
  /** Its bytes survive a power failure. */
  synced: boolean;
  readonly modifiedMs: number;
}

/** What a name stands for: a file, or nothing. */
export type State = StoredFile | undefined;

/** Sees every change right after it was made. */
export interface StorageObserver {
  linked(key: string, file: StoredFile, issuer: string): void;
  unlinked(key: string, issuer: string): void;
  /** What is visible of the key is durable now. */
  settled(key: string): void;
}

interface Change {
  readonly timeMs: number;
  readonly key: string;
  readonly before: boolean;
  readonly after: boolean;
}

interface FolderLog {
  readonly keys: Set<string>;
  readonly changes: Change[];
}

/** Where in a folder's history a listing begins. */
export interface ListingStart {
  readonly folder: string;
  readonly position: number;
}

export class Storage {
  readonly #visible = new Map<string, StoredFile>();
  readonly #durable = new Map<string, StoredFile>();
  /** States since the folder was last synced, by folder and key. */
  readonly #pending = new Map<string, Map<string, State[]>>();
  readonly #folders = new Map<string, FolderLog>();
  observer: StorageObserver | undefined;

  constructor(
    private readonly durableAtOnce: boolean,
    private readonly nowMs: () => number,
  ) {}

  get(key: string): State {
    return this.#visible.get(key);
  }

  keys(): Iterable<string> {
    return this.#visible.keys();
  }

  keysIn(folder: string): ReadonlySet<string> {
    return this.#folder(folder).keys;
  }

  /** Gives a file a name, in the place of what had it. */
  link(key: string, file: StoredFile, issuer: string): void {
    this.#change(key, file);
    this.observer?.linked(key, file, issuer);
    if (this.durableAtOnce) this.observer?.settled(key);
  }

  /** @returns false when there is no such name */
  unlink(key: string, issuer: string): boolean {
    if (!this.#visible.has(key)) return false;
    this.#change(key, undefined);
    this.observer?.unlinked(key, issuer);
    if (this.durableAtOnce) this.observer?.settled(key);
    return true;
  }

  #change(key: string, state: State): void {
    const { keys, changes } = this.#folder(listedIn(key));
    changes.push({ timeMs: this.nowMs(), key, before: keys.has(key), after: state !== undefined });
    if (state === undefined) keys.delete(key);
    else keys.add(key);
    set(this.#visible, key, state);
    if (this.durableAtOnce) set(this.#durable, key, state);
    else this.#pendingOf(key).push(state);
  }

  #pendingOf(key: string): State[] {
    const folder = dirname(key);
    let byKey = this.#pending.get(folder);
    if (byKey === undefined) {
      byKey = new Map();
      this.#pending.set(folder, byKey);
    }
    const states = byKey.get(key) ?? [];
    byKey.set(key, states);
    return states;
  }

  /** Makes the names of the folder that the key lies in durable. */
  syncFolderOf(key: string): void {
    const folder = dirname(key);
    const pending = this.#pending.get(folder);
    if (pending === undefined) return;
    this.#pending.delete(folder);
    for (const changed of pending.keys()) {
      set(this.#durable, changed, this.#visible.get(changed));
      this.observer?.settled(changed);
    }
  }

  /** All that the key may stand for after a power failure now. */
  possible(key: string): readonly State[] {
    const pending = this.#pending.get(dirname(key))?.get(key);
    return pending === undefined ? [this.#visible.get(key)] : [this.#durable.get(key), ...pending];
  }

  /**
   * Each name that was not synced is left in any of its states; a file whose bytes were not synced is torn. The observer is
   * not told: it has to look at everything again.
   */
  failPower(random: Random): void {
    for (const pending of this.#pending.values()) {
      for (const [key, states] of pending) {
        const state = random.pick([this.#durable.get(key), ...states]);
        const log = this.#folder(listedIn(key));
        set(this.#visible, key, state);
        set(this.#durable, key, state);
        if (state === undefined) log.keys.delete(key);
        else log.keys.add(key);
      }
    }
    this.#pending.clear();
    for (const file of this.#visible.values()) {
      if (file.synced) continue;
      const kept = random.below(file.bytes.length + 1);
      file.bytes = Buffer.concat([file.bytes.subarray(0, kept), Buffer.alloc(file.bytes.length - kept)]);
      file.synced = true;
    }
  }

  /** @param lagMs how far a listing may lag behind */
  startListing(folder: string, lagMs: number): ListingStart {
    const { changes } = this.#folder(folder);
    let position = changes.length;
    const from = this.nowMs() - lagMs;
    if (lagMs > 0) while (position > 0 && changes[position - 1]!.timeMs > from) position--;
    return { folder, position };
  }

  /** What is there; of a name that changed since the listing began, any of the states that it went through. */
  finishListing({ folder, position }: ListingStart, random: Random): string[] {
    const { keys, changes } = this.#folder(folder);
    if (position === changes.length) return [...keys];
    const states = new Map<string, boolean[]>();
    for (const { key, before, after } of changes.slice(position)) {
      const known = states.get(key);
      if (known === undefined) states.set(key, [before, after]);
      else known.push(after);
    }
    const listed = new Set(keys);
    for (const [key, shown] of states) {
      if (random.pick(shown)) listed.add(key);
      else listed.delete(key);
    }
    return [...listed];
  }

  #folder(folder: string): FolderLog {
    const log = this.#folders.get(folder) ?? { keys: new Set(), changes: [] };
    this.#folders.set(folder, log);
    return log;
  }
}

/** All packs are listed together, whatever shard they lie in. */
function listedIn(key: string): string {
  return key.startsWith('packs/') ? 'packs' : dirname(key);
}

function set(map: Map<string, StoredFile>, key: string, state: State): void {
  if (state === undefined) map.delete(key);
  else map.set(key, state);
}
