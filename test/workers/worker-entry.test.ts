/**
 * The file that worker threads begin with can be had by `require` without any ES module: Node 20 aborts the process when a
 * thread is ended while it instantiates one synchronously, once in some hundred commands that fail early.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { inlineWorkers } from '../../src/workers/inline-workers.js';

const ENTRY = fileURLToPath(new URL('../../dist/src/workers/worker.cjs', import.meta.url));

test('worker threads begin without an ES module, and know every job', async (t) => {
  const script = `console.log(JSON.stringify(Object.keys(require(${JSON.stringify(ENTRY)}))))`;
  const words = ['--no-experimental-require-module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  const { parallelism: _number, prepare: _prepare, close: _close, ...jobs } = inlineWorkers();
  t.deepEqual((JSON.parse(stdout) as string[]).sort(), Object.keys(jobs).sort());
});
