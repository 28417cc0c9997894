/** The primitives, all of node:crypto, over raw keys of 32 bytes. */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { TAG_BYTES } from '../../store-format/layouts.js';

const CIPHER = 'aes-256-gcm';
const options = { authTagLength: TAG_BYTES };

/** @returns the sealed bytes, piece by piece, and the tag */
export function encryptPieces(
  key: Uint8Array,
  nonce: Uint8Array,
  associated: Uint8Array,
  plain: readonly Uint8Array[],
): readonly Uint8Array[] {
  const cipher = createCipheriv(CIPHER, key, nonce, options).setAAD(associated);
  const sealed = plain.map((piece) => cipher.update(piece));
  cipher.final();
  return [...sealed, cipher.getAuthTag()];
}

/** @returns the sealed bytes with the tag behind them */
export function encrypt(
  key: Uint8Array,
  nonce: Uint8Array,
  associated: Uint8Array,
  plain: Uint8Array,
): Buffer {
  return Buffer.concat(encryptPieces(key, nonce, associated, [plain]));
}

/** @returns undefined where the tag does not vouch for the bytes */
export function decrypt(
  key: Uint8Array,
  nonce: Uint8Array,
  associated: Uint8Array,
  sealed: Uint8Array,
): Buffer | undefined {
  const end = sealed.length - TAG_BYTES;
  if (end < 0) return undefined;
  const decipher = createDecipheriv(CIPHER, key, nonce, options)
    .setAAD(associated)
    .setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
}

/** GCM counts blocks from 2 on: the first one makes the tag. */
const FIRST_BLOCK = Buffer.from([0, 0, 0, 2]);

/**
 * What `decrypt` gives, whether the tag vouches for it or not.
 *
 * @param sealed the tag may be cut off
 */
export function decryptUnchecked(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): Buffer {
  return createDecipheriv('aes-256-ctr', key, Buffer.concat([nonce, FIRST_BLOCK])).update(sealed);
}

/** HKDF-SHA256, 32 bytes. */
export function deriveKey(secret: Uint8Array, salt: Uint8Array, info: string, context?: Uint8Array): Buffer {
  const text = Buffer.from(info, 'latin1');
  const whole = context === undefined ? text : Buffer.concat([text, context]);
  return Buffer.from(hkdfSync('sha256', secret, salt, whole, 32));
}

/** What DER says before 32 raw bytes: RFC 8410. */
const DER = {
  x25519: { secret: '302e020100300506032b656e04220420', open: '302a300506032b656e032100' },
  ed25519: { secret: '302e020100300506032b657004220420', open: '302a300506032b6570032100' },
} as const;
type Curve = keyof typeof DER;

function secretKey(curve: Curve, raw: Uint8Array): KeyObject {
  const key = Buffer.concat([Buffer.from(DER[curve].secret, 'hex'), raw]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

function openKey(curve: Curve, raw: Uint8Array): KeyObject {
  const key = Buffer.concat([Buffer.from(DER[curve].open, 'hex'), raw]);
  return createPublicKey({ key, format: 'der', type: 'spki' });
}

function rawOpenKey(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
}

/** @param secret 32 random bytes */
export function agreementPublicKey(secret: Uint8Array): Buffer {
  return rawOpenKey(secretKey('x25519', secret));
}

/** X25519. @returns undefined for a public key that no honest writer has */
export function agree(secret: Uint8Array, publicKey: Uint8Array): Buffer | undefined {
  try {
    return diffieHellman({
      privateKey: secretKey('x25519', secret),
      publicKey: openKey('x25519', publicKey),
    });
  } catch {
    return undefined; // the shared secret would be zero
  }
}

/** @param seed 32 random bytes */
export function signingPublicKey(seed: Uint8Array): Buffer {
  return rawOpenKey(secretKey('ed25519', seed));
}

/** Signs with one key again and again. */
export function createSigner(seed: Uint8Array): (message: Uint8Array) => Buffer {
  const key = secretKey('ed25519', seed);
  return (message) => sign(null, message, key);
}

export function isSignedBy(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(null, message, openKey('ed25519', publicKey), signature);
  } catch {
    return false;
  }
}
