/**
 * What opens one slot: its secret key, and what it pins: the store and its owner. As text it is a key file, or what is
 * printed on paper: bech32m, whose checksum finds typing errors.
 */
import { bech32m } from '@scure/base';
import { toHex } from '../../store-format/index.js';
import { StoreError } from '../errors.js';

export interface SlotSecret {
  /** 16 bytes. */
  readonly storeId: Uint8Array;
  /** 16 bytes. */
  readonly slot: Uint8Array;
  /** X25519, 32 bytes. */
  readonly secret: Uint8Array;
  /** Ed25519 public key of the owner, 32 bytes: a config that another has signed is not this store's. */
  readonly owner: Uint8Array;
}

const PREFIX = 'doppel';
const VERSION = 1;
const BYTES = 97;

/** One line of letters and digits. */
export function encodeSlotSecret({ storeId, slot, secret, owner }: SlotSecret): string {
  const bytes = Uint8Array.from([VERSION, ...storeId, ...slot, ...secret, ...owner]);
  return bech32m.encode(PREFIX, bech32m.toWords(bytes), false);
}

/** Which store and slot a key file is for: no secret. @throws bad-key */
export function describeKey(text: string): { readonly storeId: string; readonly slot: string } {
  const { storeId, slot } = decodeSlotSecret(text);
  return { storeId: toHex(storeId), slot: toHex(slot) };
}

/** Takes line breaks and spaces between the letters. @throws bad-key */
export function decodeSlotSecret(text: string): SlotSecret {
  const line = text.replace(/\s+/g, '').toLowerCase();
  let bytes: Uint8Array;
  try {
    const { prefix, words } = bech32m.decode(line as `${string}1${string}`, false);
    if (prefix !== PREFIX) throw new Error('prefix');
    bytes = bech32m.fromWords(words);
  } catch {
    // What was wrong is not said: the text is secret, and messages end up in logs.
    throw new StoreError(
      'bad-key',
      'This is no key of doppel, or has a typing error: it is one line that starts with "doppel1"',
    );
  }
  if (bytes.length !== BYTES || bytes[0] !== VERSION)
    throw new StoreError('bad-key', 'This key is for another version of doppel');
  return {
    storeId: bytes.subarray(1, 17),
    slot: bytes.subarray(17, 33),
    secret: bytes.subarray(33, 65),
    owner: bytes.subarray(65, 97),
  };
}
