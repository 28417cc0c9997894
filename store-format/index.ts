/**
 * The store format: limits, ids, path names and codecs. Bytes in, values out; no I/O, no clock.
 * The law is SPEC.md beside this file.
 */
export * from './chunker-parameters-schema.js';
export * from './disk-layout.js';
export * from './encryption.js';
export * from './keys.js';
export * from './layouts.js';
export * from './manifest.js';
export * from './manifest-header.js';
export * from './names.js';
export * from './record.js';
export * from './record-payloads.js';
export * from './retention-policy.js';
export * from './sealed-manifest.js';
