/**
 * The byte layouts alone, without the shapes of payloads: what threads load that only move bytes.
 */
export * from './chunker-parameters.js';
export * from './domains.js';
export * from './extents.js';
export * from './format-error.js';
export * from './ids.js';
export * from './limits.js';
export * from './pack.js';
export { PACK_HEADER_BYTES, PACK_TRAILER_BYTES } from './pack-constants.js';
export * from './pack-decoder.js';
export * from './padding.js';
export * from './page.js';
export * from './recipe.js';
export * from './salvage-footer.js';
export * from './salvage-sealed-footer.js';
export * from './seal.js';
export * from './sealed-footer.js';
export * from './signature.js';
