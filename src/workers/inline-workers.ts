import { checkPack } from './check-pack-job.js';
import { clear } from './clear-job.js';
import { compare, compareChunks } from './compare-job.js';
import { compress } from './compress-job.js';
import { fetch } from './fetch-job.js';
import { hash } from './hash-job.js';
import type { Workers } from './jobs.js';
import { scan } from './scan-job.js';

/** The same jobs in the caller's thread: for simulations and single-threaded hosts. */
export function inlineWorkers(): Workers {
  return {
    parallelism: 1,
    prepare: () => undefined,
    scan: async (job) => scan(job),
    hash: async (job) => hash(job),
    compress: async (job) => compress(job),
    fetch: async (job) => fetch(job),
    clear: async (job) => clear(job),
    compare: async (job) => compare(job),
    compareChunks: async (job) => compareChunks(job),
    checkPack: async (job) => checkPack(job),
    close: async () => {},
  };
}
