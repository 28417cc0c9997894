/** What runs in a worker thread: each export is a job that the pool calls by name. */
export { clear } from './clear-job.js';
export { compare, compareChunks } from './compare-job.js';
export { compress } from './compress-job.js';
export { fetch } from './fetch-job.js';
export { hash, scan } from './scan-job.js';
