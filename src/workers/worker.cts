/**
 * What runs in a worker thread: each export is a job that the pool calls by name. A job's parts are loaded when it is first
 * asked for: a thread that only hashes needs neither compressor nor chunker.
 */
import type * as Jobs from './jobs.js';

export async function scan(job: Jobs.ScanJob): Promise<Jobs.ScanResult> {
  return (await import('./scan-job.js')).scan(job);
}

export async function hash(job: Jobs.SpanBytes): Promise<Jobs.HashResult> {
  return (await import('./hash-job.js')).hash(job);
}

export async function compress(job: Jobs.CompressJob): Promise<readonly Jobs.CompressedFrame[]> {
  return (await import('./compress-job.js')).compress(job);
}

export async function fetch(job: Jobs.FetchJob): Promise<Jobs.FetchResult> {
  return (await import('./fetch-job.js')).fetch(job);
}

export async function clear(job: Jobs.ClearJob): Promise<Jobs.ClearResult> {
  return (await import('./clear-job.js')).clear(job);
}

export async function compare(job: Jobs.CompareJob): Promise<Jobs.CompareResult> {
  return (await import('./compare-job.js')).compare(job);
}

export async function compareChunks(job: Jobs.CompareChunksJob): Promise<Jobs.CompareChunksResult> {
  return (await import('./compare-job.js')).compareChunks(job);
}

export async function checkPack(job: Jobs.CheckPackJob): Promise<Jobs.CheckPackResult> {
  return (await import('./check-pack-job.js')).checkPack(job);
}
