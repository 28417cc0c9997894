/** An object store that passes everything on: what plants change a verb of. */
import type { Vault } from '../../src/encryption/vault.js';
import type { ByteRange, Claim, Fetched, Hold, ObjectStore, Upload } from '../../src/objects/object-store.js';

export class WrappedStore implements ObjectStore {
  readonly location: string;
  readonly readOnly: boolean;
  readonly vault?: Vault;

  constructor(protected readonly real: ObjectStore) {
    this.location = real.location;
    this.readOnly = real.readOnly;
    if (real.vault !== undefined) this.vault = real.vault;
  }

  get(key: string, range?: ByteRange): Promise<Fetched> {
    return this.real.get(key, range);
  }

  size(key: string): Promise<number | undefined> {
    return this.real.size(key);
  }

  modified(key: string): Promise<number | undefined> {
    return this.real.modified(key);
  }

  list(folder: string): Promise<string[]> {
    return this.real.list(folder);
  }

  delete(key: string): Promise<void> {
    return this.real.delete(key);
  }

  put(key: string, bytes: Uint8Array): Promise<void> {
    return this.real.put(key, bytes);
  }

  claim(key: string, bytes: Uint8Array): Promise<Claim> {
    return this.real.claim(key, bytes);
  }

  upload(owner: string): Promise<Upload> {
    return this.real.upload(owner);
  }

  settle(keys: Iterable<string>): Promise<void> {
    return this.real.settle(keys);
  }

  hold(key: string, bytes: Uint8Array): Promise<Hold> {
    return this.real.hold(key, bytes);
  }

  isHeld(key: string): Promise<boolean> {
    return this.real.isHeld(key);
  }

  sweep(): Promise<void> {
    return this.real.sweep();
  }
}
