import test from 'ava';
import { inlineWorkers } from '../../src/workers/inline-workers.js';
import { WorkerPool } from '../../src/workers/pool.js';
import { testWorkers } from '../contract/workers.js';

testWorkers(test, 'inline', inlineWorkers);
testWorkers(test.serial as typeof test, 'threads', () => new WorkerPool(1));
