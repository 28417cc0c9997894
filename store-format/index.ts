/**
 * The store format: limits, ids, path names and codecs. Bytes in, values out; no I/O, no clock.
 * The law is SPEC.md beside this file.
 */
export * from './chunker-parameters.js';
export * from './disk-layout.js';
export * from './domains.js';
export * from './extents.js';
export * from './format-error.js';
export * from './ids.js';
export * from './keys.js';
export * from './limits.js';
export * from './manifest.js';
export * from './manifest-header.js';
export * from './names.js';
export * from './pack.js';
export { PACK_HEADER_BYTES, PACK_TRAILER_BYTES } from './pack-constants.js';
export * from './pack-decoder.js';
export * from './page.js';
export * from './recipe.js';
export * from './record.js';
export * from './record-payloads.js';
