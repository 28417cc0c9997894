/**
 * Section 17 of SPEC.md in the tests' own words: what the vault and the codecs are compared with. HKDF is made of HMAC here,
 * and curves take their keys as JWK, so that a mistake in the code's own wrappers shows.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { blake3 } from '@noble/hashes/blake3.js';
import { ascii, u32, u64, zeros } from './byte-fields.js';
import { sha } from './oracle.js';

const EMPTY = zeros(0);

export function hkdf(key: Uint8Array, salt: Uint8Array, ...info: Uint8Array[]): Buffer {
  const extracted = createHmac('sha256', salt.length === 0 ? zeros(32) : salt)
    .update(key)
    .digest();
  return createHmac('sha256', extracted)
    .update(Buffer.concat([...info, Buffer.of(1)]))
    .digest();
}

/** P(key, d). */
export const prf = (key: Uint8Array, digest: Uint8Array): Buffer => Buffer.from(blake3(digest, { key }));

export function nonce(part: number, ordinal = 0): Buffer {
  return Buffer.concat([u32(part), u64(ordinal)]);
}

export function associated(store: Uint8Array, salt: Uint8Array, part: number, ordinal = 0, key = ''): Buffer {
  return Buffer.concat([store, salt, nonce(part, ordinal), ascii(key)]);
}

export function gcm(key: Uint8Array, iv: Uint8Array, data: Uint8Array, plain: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(data);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws Error when the tag is wrong */
export function ungcm(key: Uint8Array, iv: Uint8Array, data: Uint8Array, sealed: Uint8Array): Buffer {
  const tag = sealed.subarray(sealed.length - 16);
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 })
    .setAAD(data)
    .setAuthTag(tag);
  return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - 16)), decipher.final()]);
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
type Curve = 'X25519' | 'Ed25519';

function publicKey(crv: Curve, raw: Uint8Array): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv, x: base64(raw) }, format: 'jwk' });
}

/** A JWK wants the public key too, and node:crypto makes it anew from the secret one. */
function secretKey(crv: Curve, raw: Uint8Array): KeyObject {
  return createPrivateKey({ key: { kty: 'OKP', crv, d: base64(raw), x: base64(zeros(32)) }, format: 'jwk' });
}

export function publicOf(crv: Curve, secret: Uint8Array): Buffer {
  return Buffer.from(createPublicKey(secretKey(crv, secret)).export({ format: 'jwk' }).x ?? '', 'base64url');
}

export function agree(secret: Uint8Array, other: Uint8Array): Buffer {
  return diffieHellman({
    privateKey: secretKey('X25519', secret),
    publicKey: publicKey('X25519', other),
  });
}

export function signedBytes(store: Uint8Array, covered: Uint8Array): Buffer {
  return sha(ascii('doppel signature'), store, sha(covered));
}

export const signature = (seed: Uint8Array, bytes: Uint8Array): Buffer =>
  sign(null, bytes, secretKey('Ed25519', seed));

export const isSigned = (key: Uint8Array, bytes: Uint8Array, signed: Uint8Array): boolean =>
  verify(null, bytes, publicKey('Ed25519', key), signed);

export const xor = (a: Uint8Array, b: Uint8Array): Buffer => Buffer.from(a.map((byte, i) => byte ^ b[i]!));

/** class(n, s), with whole numbers alone. */
export function lengthClass(n: number, smallest: number): number {
  if (n <= smallest) return smallest;
  const log = (value: number): number => value.toString(2).length - 1;
  const step = 2n ** BigInt(log(n) - log(log(n)) - 1);
  return Number(((BigInt(n) + step - 1n) / step) * step);
}

export function padded(plain: Uint8Array, smallest: number): Buffer {
  const bytes = zeros(lengthClass(4 + plain.length, smallest));
  bytes.set(Buffer.concat([u32(plain.length), plain]));
  return bytes;
}

export const unpadded = (bytes: Buffer): Buffer => bytes.subarray(4, 4 + bytes.readUInt32LE(0));

/** The object key of a seal for readers. */
export function unwrapped(store: Uint8Array, seal: Uint8Array, dataKey: Uint8Array): Buffer {
  const [salt, ephemeral] = [seal.subarray(8, 40), seal.subarray(40, 72)];
  const shared = agree(dataKey, ephemeral);
  const key = hkdf(shared, salt, ascii('doppel wrap'), ephemeral, publicOf('X25519', dataKey));
  return ungcm(key, nonce(0), associated(store, salt, 0), seal.subarray(72, 120));
}

/** The object key of a seal for members. */
export const memberObjectKey = (memberKey: Uint8Array, salt: Uint8Array): Buffer =>
  hkdf(memberKey, salt, ascii('doppel member object'));

export { EMPTY };
