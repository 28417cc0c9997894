/**
 * What users of the library see: the store, its images, and what the operations take and give.
 * Sizes and offsets are bytes. Types only; `openStore` makes the real thing.
 */
export type * from './interface/capture.js';
export type * from './interface/comparison.js';
export type * from './interface/copy.js';
export type * from './interface/doctor.js';
export type * from './interface/findings.js';
export type * from './interface/gc.js';
export type * from './interface/health.js';
export type * from './interface/image.js';
export type * from './interface/keys.js';
export type * from './interface/maintain.js';
export type * from './interface/operation.js';
export type * from './interface/restore.js';
export type * from './interface/retention.js';
export type * from './interface/scrub.js';
export type * from './interface/statistics.js';
export type * from './interface/store.js';
