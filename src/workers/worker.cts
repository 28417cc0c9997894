/**
 * What runs in a worker thread: each entry is a job that the pool calls by name. A job's parts are loaded when it is first
 * asked for: a thread that only hashes needs neither compressor nor chunker.
 *
 * CommonJS, since the pool tries `require` first: of an ES module that is synchronous, and a thread that is ended in the midst of
 * it, as by a command that has failed early, takes the whole process along (seen with Node 20.20).
 */
import type * as Jobs from './jobs.js' with { 'resolution-mode': 'import' };

async function startHash(entryKey: Uint8Array | undefined): Promise<void> {
  if (entryKey !== undefined) await (await import('../hashing/keyed-ids.js')).startKeyedHash(entryKey);
}

export = {
  async scan(job: Jobs.ScanJob): Promise<Jobs.ScanResult> {
    await startHash(job.entryKey);
    return (await import('./scan-job.js')).scan(job);
  },

  async hash(job: Jobs.SpanBytes): Promise<Jobs.HashResult> {
    return (await import('./hash-job.js')).hash(job);
  },

  async compress(job: Jobs.CompressJob): Promise<readonly Jobs.CompressedFrame[]> {
    return (await import('./compress-job.js')).compress(job);
  },

  async fetch(job: Jobs.FetchJob): Promise<Jobs.FetchResult> {
    await startHash(job.entryKey);
    return (await import('./fetch-job.js')).fetch(job);
  },

  async clear(job: Jobs.ClearJob): Promise<Jobs.ClearResult> {
    return (await import('./clear-job.js')).clear(job);
  },

  async compare(job: Jobs.CompareJob): Promise<Jobs.CompareResult> {
    return (await import('./compare-job.js')).compare(job);
  },

  async compareChunks(job: Jobs.CompareChunksJob): Promise<Jobs.CompareChunksResult> {
    await startHash(job.entryKey);
    return (await import('./compare-job.js')).compareChunks(job);
  },

  async checkPack(job: Jobs.CheckPackJob): Promise<Jobs.CheckPackResult> {
    if (job.keyring) await startHash((await import('../encryption/keyring.js')).entryKeyOf(job.keyring));
    return (await import('./check-pack-job.js')).checkPack(job);
  },
};
