/**
 * Ids of a store with keys (SPEC.md, "Ids under a key"): BLAKE3 in keyed mode over the id that the entry would have without
 * one. Nobody without the key can tell whether known content is in the store.
 */
import { blake3 as noble } from '@noble/hashes/blake3.js';
import { createBLAKE3 } from 'hash-wasm';
import type { Blake3 } from '../../store-format/layouts.js';
import { blake3 } from './blake3.js';

/**
 * @param key 32 bytes
 * @returns a PRF over 32 bytes. WebAssembly takes half a microsecond where native hashers take two, most of it for the
 *   call; until it has started, JavaScript gives the same bytes
 */
export function keyedHash(key: Uint8Array): Blake3 {
  let hash: Blake3 = (digest) => noble(digest, { key });
  void createBLAKE3(256, Buffer.from(key)).then((hasher) => {
    hash = (digest) => hasher.init().update(digest).digest('binary');
  });
  return (digest) => hash(digest);
}

/** How entries are hashed under this key. */
export function keyedEntryHash(key: Uint8Array): Blake3 {
  const prf = keyedHash(key);
  return (bytes) => prf(blake3(bytes));
}

let last: { readonly key: Uint8Array; readonly hash: Blake3 } | undefined;

/** How entries are hashed under this key, or without any. A thread works for one store at a time. */
export function entryHashOf(key: Uint8Array | undefined): Blake3 {
  if (key === undefined) return blake3;
  if (last === undefined || Buffer.compare(last.key, key) !== 0) last = { key, hash: keyedEntryHash(key) };
  return last.hash;
}
