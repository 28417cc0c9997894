/**
 * Ids of a store with keys (SPEC.md, "Ids under a key"): BLAKE3 of the entry key and the id that the entry would have
 * without one. Nobody without the key can tell whether known content is in the store.
 */
import { type Blake3, HASH_BYTES } from '../../store-format/layouts.js';
import { blake3 } from './blake3.js';

/** @param key 32 bytes */
export function keyedHash(key: Uint8Array): Blake3 {
  const message = Buffer.alloc(2 * HASH_BYTES);
  message.set(key, 0);
  return (bytes) => {
    message.set(blake3(bytes), HASH_BYTES);
    return blake3(message);
  };
}

let last: { readonly key: Uint8Array; readonly hash: Blake3 } | undefined;

/** How entries are hashed under this key, or without any. A thread works for one store at a time. */
export function entryHashOf(key: Uint8Array | undefined): Blake3 {
  if (key === undefined) return blake3;
  if (last === undefined || Buffer.compare(last.key, key) !== 0) last = { key, hash: keyedHash(key) };
  return last.hash;
}
