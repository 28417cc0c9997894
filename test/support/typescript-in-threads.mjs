/**
 * Loaded by node before every test file (package.json, "ava"), and by the threads that it starts. On Node 20 tsx translates
 * TypeScript in the main thread only; worker threads run src/workers/worker.cts and its jobs as well.
 */
import * as threads from 'node:worker_threads';

if (!threads.isMainThread && !threads.isInternalThread) {
  const { register } = await import('tsx/esm/api');
  register();
}
