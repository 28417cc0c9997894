/**
 * Ids of a store with keys (SPEC.md, "Ids under a key"): BLAKE3 in keyed mode over the id that the entry would have without
 * one. Nobody without the key can tell whether known content is in the store.
 */
import { blake3 as noble } from '@noble/hashes/blake3.js';
import { createBLAKE3 } from 'hash-wasm';
import type { Blake3 } from '../../store-format/layouts.js';
import { blake3 } from './blake3.js';

/** What has started, by key: WebAssembly takes half a microsecond where native hashers take two, most of it for the call. */
const started = new Map<string, Blake3>();

/** A thread that waits for work in a blocking way must ask for this first, or nothing ever starts there. */
export async function startKeyedHash(key: Uint8Array): Promise<void> {
  if (started.has(nameOf(key))) return;
  const hasher = await createBLAKE3(256, Buffer.from(key));
  started.set(nameOf(key), (digest) => hasher.init().update(digest).digest('binary'));
}

const nameOf = (key: Uint8Array): string => Buffer.from(key).toString('latin1');

/**
 * @param key 32 bytes
 * @returns a PRF over 32 bytes. Until the fast one has started, JavaScript gives the same bytes
 */
export function keyedHash(key: Uint8Array): Blake3 {
  const name = nameOf(key);
  void startKeyedHash(key);
  let fast: Blake3 | undefined;
  return (digest) => {
    fast ??= started.get(name);
    return fast === undefined ? noble(digest, { key }) : fast(digest);
  };
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
