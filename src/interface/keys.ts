/** Keys of a store: which there are, and how they change. */

/** A slot: one way to open the store. */
export interface KeyInfo {
  /** 32 hex digits. */
  readonly id: string;
  /** What people call it; empty where nobody said. */
  readonly label: string;
  readonly kind: 'passphrase' | 'file';
  /** full: everything; write: adds images and reads none. */
  readonly access: 'full' | 'write';
  readonly created: Date;
  /** Patterns of the image names that a key that may only write publishes under. */
  readonly names?: readonly string[];
  /** The store was opened with it. */
  readonly inUse: boolean;
}

/** A key to be added: opened by a passphrase, or by a key file whose text `onKey` takes. */
export interface NewKey {
  readonly label: string;
  readonly passphrase?: string;
  readonly kdf?: 'scrypt' | 'argon2id';
  readonly onKey?: (text: string) => Promise<void>;
  /** May only add images, under names that one of the patterns takes. */
  readonly writeOnly?: { readonly names: readonly string[] };
}

export interface RotateResult {
  /** What is written from now on is sealed with keys of this generation. */
  readonly generation: number;
  readonly slots: number;
}

export interface StoreKeys {
  /** What the key that opened the store allows. */
  readonly access: KeyInfo['access'];
  /** Id of the slot that opened the store. */
  readonly slot: string;
  /** Text of a key file that opens that slot: secret. */
  readonly text: string;
  /** @throws StoreError key-forbids */
  list(): readonly KeyInfo[];
  /** @throws StoreError key-forbids, bad-name, bad-setting */
  add(key: NewKey): Promise<KeyInfo>;
  /** @param which a label, or the start of an id. @throws StoreError key-forbids, bad-setting */
  remove(which: string): Promise<KeyInfo>;
  /**
   * A new passphrase or key file in place of the slot that opened the store, under the same label.
   *
   * @throws StoreError key-forbids
   */
  change(to: Pick<NewKey, 'passphrase' | 'kdf' | 'onKey'>): Promise<KeyInfo>;
  /**
   * New data, member and writer keys for what is written from now on. This open store goes on with the old ones.
   *
   * @throws StoreError key-forbids
   */
  rotate(): Promise<RotateResult>;
}
