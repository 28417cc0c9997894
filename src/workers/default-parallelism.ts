import { availableParallelism } from 'node:os';

/** More threads than this wait for the disk or for the main thread's look-ups. */
const MAX = 16;

export function defaultParallelism(): number {
  return Math.max(1, Math.min(MAX, availableParallelism()));
}
