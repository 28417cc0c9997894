import type { Blake3 } from './ids.js';

/**
 * Domain separation: what is hashed for an id starts with 32 bytes that say what it is, so that a recipe, a page
 * and a chunk of the same bytes never share an id. Chunks alone are hashed bare: their id is their BLAKE3.
 */
export const DOMAIN_BYTES = 32;

function domain(text: string): Buffer {
  const bytes = Buffer.alloc(DOMAIN_BYTES);
  bytes.write(text, 'latin1');
  return bytes;
}

export const RECIPE_DOMAIN = domain('doppel recipe');
export const PAGE_DOMAIN = domain('doppel page');
export const EXTENTS_DOMAIN = domain('doppel extents');
export const IMAGE_DOMAIN = domain('doppel image digest');
export const NAME_DOMAIN = domain('doppel name');
export const CHUNKER_DOMAIN = domain('doppel chunker');

/** BLAKE3(domain ‖ bytes). */
export function hashInDomain(blake3: Blake3, prefix: Uint8Array, bytes: Uint8Array): Uint8Array {
  const message = Buffer.allocUnsafe(DOMAIN_BYTES + bytes.length);
  message.set(prefix, 0);
  message.set(bytes, DOMAIN_BYTES);
  return blake3(message);
}
