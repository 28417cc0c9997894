/**
 * An object store in which one thing goes wrong: at the n-th request of a verb, once or from then on. Errors are those
 * that a local folder makes of the system's, so the codes that come out are the real ones. It shows no local paths: what
 * workers would read comes this way, too.
 */
import { asStoreError } from '../../src/objects/folder-errors.js';
import type { ByteRange, Claim, Fetched, Hold, ObjectStore, Upload } from '../../src/objects/object-store.js';

export const READ_VERBS = ['get', 'size', 'modified', 'list', 'isHeld'] as const;
export const WRITE_VERBS = [
  'put',
  'claim',
  'upload',
  'append',
  'finish',
  'delete',
  'settle',
  'hold',
  'release',
  'sweep',
] as const;
export type Verb = (typeof READ_VERBS)[number] | (typeof WRITE_VERBS)[number];

/**
 * `unreadable` is EIO before the request had any effect, `lost-reply` EIO after it had all of it, `torn` EIO after a part
 * of an object's bytes was written, `full` ENOSPC; a `slow` request waits, and one that `hangs` never ends.
 */
export type FaultKind = 'unreadable' | 'lost-reply' | 'torn' | 'full' | 'slow' | 'hangs';

export interface Fault {
  readonly kind: FaultKind;
  readonly verb: Verb;
  /** Which request of the verb, from 0. */
  readonly at: number;
  /** Reads: the key that was asked for then fails for good. Writes: all writes from then on fail. */
  readonly lasts: boolean;
}

const SLOW_MS = 20;
const MESSAGES = { EIO: 'i/o error', ENOSPC: 'no space left on device' } as const;

export class FaultyStore implements ObjectStore {
  readonly location: string;
  readonly readOnly = false;
  readonly requests = new Map<Verb, number>();
  #struckKey: string | undefined;
  /** Resolves when the fault strikes. */
  readonly struck: Promise<void>;
  #strike!: () => void;

  constructor(
    private readonly real: ObjectStore,
    private readonly fault?: Fault,
  ) {
    this.location = real.location;
    this.struck = new Promise((resolve) => {
      this.#strike = resolve;
    });
  }

  get hasStruck(): boolean {
    return this.#struckKey !== undefined;
  }

  get(key: string, range?: ByteRange): Promise<Fetched> {
    return this.#request('get', key, 'Cannot read', () => this.real.get(key, range));
  }

  size(key: string): Promise<number | undefined> {
    return this.#request('size', key, 'Cannot read', () => this.real.size(key));
  }

  modified(key: string): Promise<number | undefined> {
    return this.#request('modified', key, 'Cannot read', () => this.real.modified(key));
  }

  list(folder: string): Promise<string[]> {
    return this.#request('list', folder, 'Cannot list', () => this.real.list(folder));
  }

  isHeld(key: string): Promise<boolean> {
    return this.#request('isHeld', key, 'Cannot lock', () => this.real.isHeld(key));
  }

  delete(key: string): Promise<void> {
    return this.#request('delete', key, 'Cannot delete', () => this.real.delete(key));
  }

  put(key: string, bytes: Uint8Array): Promise<void> {
    return this.#request('put', key, 'Cannot write', () => this.real.put(key, bytes));
  }

  claim(key: string, bytes: Uint8Array): Promise<Claim> {
    return this.#request('claim', key, 'Cannot write', () => this.real.claim(key, bytes));
  }

  settle(keys: Iterable<string>): Promise<void> {
    return this.#request('settle', this.location, 'Cannot sync', () => this.real.settle(keys));
  }

  sweep(): Promise<void> {
    return this.#request('sweep', 'tmp', 'Cannot delete', () => this.real.sweep());
  }

  async upload(owner: string): Promise<Upload> {
    let opened: Upload | undefined;
    const upload = await this.#request('upload', 'tmp', 'Cannot create', async () => {
      opened = await this.real.upload(owner);
      return opened;
    }).catch(async (error: unknown) => {
      await opened?.abort(); // nobody has what would end it
      throw error;
    });
    return {
      append: (bytes) =>
        this.#request(
          'append',
          'tmp',
          'Cannot write',
          () => upload.append(bytes),
          () => upload.append(bytes.subarray(0, bytes.length / 2)),
        ),
      finish: (key) => this.#request('finish', key, 'Cannot write', () => upload.finish(key)),
      abort: () => upload.abort(),
    };
  }

  async hold(key: string, bytes: Uint8Array): Promise<Hold> {
    let made: Hold | undefined;
    const hold = await this.#request('hold', key, 'Cannot write', async () => {
      made = await this.real.hold(key, bytes);
      return made;
    }).catch(async (error: unknown) => {
      await made?.leave(); // nobody has what would end it
      throw error;
    });
    return {
      release: () => this.#request('release', key, 'Cannot delete', () => hold.release()),
      leave: () => hold.leave(),
    };
  }

  async #request<R>(
    verb: Verb,
    key: string,
    what: string,
    act: () => Promise<R>,
    actInPart?: () => Promise<unknown>,
  ): Promise<R> {
    const number = this.requests.get(verb) ?? 0;
    this.requests.set(verb, number + 1);
    const kind = this.#faultOf(verb, number, key);
    switch (kind) {
      case undefined:
        return act();
      case 'unreadable':
        throw failure('EIO', key, what);
      case 'full':
        throw failure('ENOSPC', key, what);
      case 'torn':
        await actInPart?.();
        throw failure('EIO', key, what);
      case 'lost-reply':
        await act();
        throw failure('EIO', key, what);
      case 'slow':
        await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
        return act();
      case 'hangs':
        return new Promise(() => undefined);
    }
  }

  #faultOf(verb: Verb, number: number, key: string): FaultKind | undefined {
    const { fault } = this;
    if (fault === undefined) return undefined;
    if (fault.verb === verb && fault.at === number) {
      this.#struckKey = key;
      this.#strike();
      return fault.kind;
    }
    if (!fault.lasts || !this.hasStruck) return undefined;
    const isRead = (READ_VERBS as readonly Verb[]).includes(verb);
    const isSame = isRead === (READ_VERBS as readonly Verb[]).includes(fault.verb);
    return isSame && (!isRead || key === this.#struckKey) ? fault.kind : undefined;
  }
}

function failure(errno: 'EIO' | 'ENOSPC', key: string, what: string): unknown {
  return asStoreError(Object.assign(new Error(`${errno}: ${MESSAGES[errno]}`), { code: errno }), key, what);
}
