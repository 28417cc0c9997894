/**
 * doppel as a library: a deduplicating, content-addressed store for disk images.
 *
 * @packageDocumentation
 */
export type { DiskLayout, Extent, FileSystem, Partition } from '../store-format/index.js';
export { parseChangedRanges } from './capture/changed-ranges.js';
export { type DigestOptions, digest } from './digest/digest.js';
export { StoreError, type StoreErrorCode, type StoreErrorDetails } from './errors.js';
export type * from './interface.js';
export { describeKey } from './keys/slot-secret.js';
export { identifyStore, initStore, openStore } from './store/open-store.js';
export { versions } from './versions.js';
