/**
 * Bytes for the holder of one X25519 key: keyrings for slots.
 *
 *   ephemeral public key 32 | AES-256-GCM of the bytes
 */
import { KEY_BYTES, nonceOf, SealedPart } from '../../store-format/layouts.js';
import { agree, agreementPublicKey, decrypt, deriveKey, encrypt } from './ciphers.js';

const NONCE = nonceOf(SealedPart.key, 0); // a key for each
const NO_SALT = new Uint8Array(0);

/**
 * @param ephemeral 32 random bytes
 * @param context what it is for: who opens it must name the same
 */
export function sealFor(
  publicKey: Uint8Array,
  plain: Uint8Array,
  context: Uint8Array,
  ephemeral: Uint8Array,
): Buffer {
  const own = agreementPublicKey(ephemeral);
  const shared = agree(ephemeral, publicKey);
  if (shared === undefined) throw new TypeError('Not a public key of X25519');
  return Buffer.concat([own, encrypt(keyOf(shared, own, publicKey), NONCE, context, plain)]);
}

/** @returns undefined when it is not for this key, or was changed */
export function openWith(secret: Uint8Array, sealed: Uint8Array, context: Uint8Array): Buffer | undefined {
  const other = sealed.subarray(0, KEY_BYTES);
  const shared = other.length === KEY_BYTES ? agree(secret, other) : undefined;
  if (shared === undefined) return undefined;
  const key = keyOf(shared, other, agreementPublicKey(secret));
  return decrypt(key, NONCE, context, sealed.subarray(KEY_BYTES));
}

function keyOf(shared: Uint8Array, ephemeral: Uint8Array, publicKey: Uint8Array): Buffer {
  return deriveKey(shared, NO_SALT, 'doppel grant', Buffer.concat([ephemeral, publicKey]));
}
