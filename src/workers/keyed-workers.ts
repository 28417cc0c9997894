/** Workers for a store with keys: each job is told what ids and packs of that store follow from. */
import type { Vault } from '../encryption/vault.js';
import type { Workers } from './jobs.js';

export function keyedWorkers(workers: Workers, { entryKey, keyring }: Vault): Workers {
  return {
    parallelism: workers.parallelism,
    prepare: () => workers.prepare(),
    scan: (job) => workers.scan({ ...job, entryKey }),
    hash: (job) => workers.hash(job),
    compress: (job) => workers.compress(job),
    fetch: (job) => workers.fetch({ ...job, entryKey }),
    clear: (job) => workers.clear(job),
    compare: (job) => workers.compare(job),
    compareChunks: (job) => workers.compareChunks({ ...job, entryKey }),
    checkPack: (job) => workers.checkPack({ ...job, keyring }),
    close: () => workers.close(),
  };
}
