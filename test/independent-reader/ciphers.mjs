/**
 * Hashes, ciphers and padding of a store with keys, from store-format/SPEC.md alone: sections 3 and 17. Part of
 * read-image.mjs, which imports nothing of doppel.
 */
import {
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  verify,
} from 'node:crypto';
import { blake3 } from '@noble/hashes/blake3.js';
import { Unpackr } from 'msgpackr';

export function need(condition, what) {
  if (!condition) throw new Error(what);
}

export const hash = (...parts) => Buffer.from(blake3(Buffer.concat(parts)));
/** 32 bytes of ASCII and zeros. */
export const domain = (text) => Buffer.from(text.padEnd(32, '\0'), 'latin1');
export const ascii = (text) => Buffer.from(text, 'latin1');
export const hex = (text) => Buffer.from(text, 'hex');
export const EMPTY = Buffer.alloc(0);
export const hkdf = (key, salt, ...info) =>
  Buffer.from(hkdfSync('sha256', key, salt, Buffer.concat(info), 32));
/** P(key, d) */
export const prf = (key, digest) => Buffer.from(blake3(digest, { key }));
const unpackr = new Unpackr({ useRecords: false, moreTypes: false, int64AsType: 'number' });
export const unpack = (payload) => unpackr.unpack(payload);

/** AES-256-GCM, with the tag at the end. */
export function open(key, nonce, associated, sealed, what) {
  try {
    const tag = sealed.subarray(sealed.length - 16);
    const cipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
      .setAAD(associated)
      .setAuthTag(tag);
    return Buffer.concat([cipher.update(sealed.subarray(0, sealed.length - 16)), cipher.final()]);
  } catch {
    throw new Error(`${what} does not open: it was changed, or is for another key`);
  }
}

/** Length u32, bytes, zeros. */
export function unpadded(bytes, what) {
  const end = 4 + bytes.readUInt32LE(0);
  need(
    end <= bytes.length && bytes.subarray(end).every((byte) => byte === 0),
    `${what}: its padding is wrong`,
  );
  return bytes.subarray(4, end);
}

/** What DER says before 32 raw bytes (RFC 8410). */
const DER = {
  x25519: { secret: '302e020100300506032b656e04220420', open: '302a300506032b656e032100' },
  ed25519: { open: '302a300506032b6570032100' },
};

function openKey(curve, raw) {
  const key = Buffer.concat([hex(DER[curve].open), raw]);
  return createPublicKey({ key, format: 'der', type: 'spki' });
}

function secretKey(raw) {
  const key = Buffer.concat([hex(DER.x25519.secret), raw]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

/** X25519 public key of a secret one. */
export function publicOf(secret) {
  return createPublicKey(secretKey(secret)).export({ format: 'der', type: 'spki' }).subarray(-32);
}

export function agree(secret, other) {
  return diffieHellman({ privateKey: secretKey(secret), publicKey: openKey('x25519', other) });
}

export const xor = (a, b) => Buffer.from(a.map((byte, i) => byte ^ b[i]));

/** What a signature is made of. */
export const signedBytes = (storeId, covered) => hash(ascii('doppel signature'), storeId, hash(covered));

export const isSigned = (key, signed, signature) => verify(null, signed, openKey('ed25519', key), signature);
