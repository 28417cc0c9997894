/**
 * Seals files that stay on this machine and that only the slot at hand opens, in parts: each part stands for itself, so
 * that a long file can be written and read piece by piece. They are no part of a store.
 */
import { nonceOf, SealedPart } from '../../store-format/layouts.js';
import { decrypt, deriveKey, encrypt } from './ciphers.js';
import type { Keyring } from './keyring.js';

export const PRIVATE_SALT_BYTES = 32;

export class PrivateSeal {
  readonly #key: Buffer;
  readonly #bound: Buffer;

  /**
   * @param salt drawn anew for each file, so that no part of one passes for a part of another
   * @param name of the file: one that was renamed does not open
   */
  constructor({ idKey, storeId, slot }: Keyring, salt: Uint8Array, name: string) {
    const whose = Buffer.concat([storeId, Buffer.from(slot, 'hex')]);
    this.#key = deriveKey(idKey, salt, 'doppel own work', whose);
    this.#bound = Buffer.concat([whose, Buffer.from(name, 'latin1')]);
  }

  seal(ordinal: number, plain: Uint8Array): Buffer {
    return encrypt(this.#key, nonceOf(SealedPart.record, ordinal), this.#bound, plain);
  }

  /** @returns undefined when it is not what was sealed as that part of this file */
  open(ordinal: number, sealed: Uint8Array): Buffer | undefined {
    return decrypt(this.#key, nonceOf(SealedPart.record, ordinal), this.#bound, sealed);
  }
}
