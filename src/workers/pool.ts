import type { Piscina } from 'piscina';
import type {
  CheckPackJob,
  CheckPackResult,
  ClearJob,
  ClearResult,
  CompareChunksJob,
  CompareChunksResult,
  CompareJob,
  CompareResult,
  CompressedFrame,
  CompressJob,
  FetchJob,
  FetchResult,
  HashResult,
  ScanJob,
  ScanResult,
  SpanBytes,
  Workers,
} from './jobs.js';

/** Worker threads: started when jobs are near, so that a command that needs none pays nothing. */
export class WorkerPool implements Workers {
  #pool: Promise<Piscina> | undefined;

  constructor(readonly parallelism: number) {}

  scan(job: ScanJob): Promise<ScanResult> {
    return this.#run('scan', job);
  }

  hash(job: SpanBytes): Promise<HashResult> {
    return this.#run('hash', job);
  }

  compress(job: CompressJob): Promise<readonly CompressedFrame[]> {
    return this.#run('compress', job);
  }

  fetch(job: FetchJob): Promise<FetchResult> {
    return this.#run('fetch', job);
  }

  clear(job: ClearJob): Promise<ClearResult> {
    return this.#run('clear', job);
  }

  compare(job: CompareJob): Promise<CompareResult> {
    return this.#run('compare', job);
  }

  compareChunks(job: CompareChunksJob): Promise<CompareChunksResult> {
    return this.#run('compareChunks', job);
  }

  checkPack(job: CheckPackJob): Promise<CheckPackResult> {
    return this.#run('checkPack', job);
  }

  prepare(): void {
    this.#pool ??= startThreads(this.parallelism);
    this.#pool.catch(() => undefined); // the first job reports it
  }

  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await (await pool)?.destroy();
  }

  async #run<Result>(name: string, job: object): Promise<Result> {
    this.#pool ??= startThreads(this.parallelism);
    return (await this.#pool).run(job, { name }) as Promise<Result>;
  }
}

async function startThreads(count: number): Promise<Piscina> {
  const { Piscina } = await import('piscina');
  return new Piscina({
    // Beside this file, with an ending like its own: .cts in tests, .cjs when built.
    filename: new URL(import.meta.url.replace(/pool\.([jt])s$/, 'worker.c$1s')).href,
    minThreads: count,
    maxThreads: count,
    // The next job waits beside the thread: it starts without a way to the main thread and back.
    concurrentTasksPerWorker: 2,
    idleTimeout: 60_000,
  });
}
