/** Workers that somebody else closes: two stores that are open at once need no more threads than one. */
import type { Workers } from './jobs.js';

export function sharedWorkers(workers: Workers): Workers {
  return {
    parallelism: workers.parallelism,
    prepare: () => workers.prepare(),
    scan: (job) => workers.scan(job),
    hash: (job) => workers.hash(job),
    compress: (job) => workers.compress(job),
    fetch: (job) => workers.fetch(job),
    clear: (job) => workers.clear(job),
    compare: (job) => workers.compare(job),
    compareChunks: (job) => workers.compareChunks(job),
    checkPack: (job) => workers.checkPack(job),
    close: async () => {},
  };
}
