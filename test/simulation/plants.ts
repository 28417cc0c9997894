/**
 * Planted mistakes: each is what a rule of SPEC.md forbids, made by a wrapper around what the real code is given.
 * A simulation that does not find them would not find a real one.
 */
import type { ChunkIndex } from '../../src/chunk-index/chunk-index.js';
import type { ObjectStore } from '../../src/objects/object-store.js';
import type { Workers } from '../../src/workers/jobs.js';
import type { Place } from './place.js';
import type { SimulatedProcess } from './processes.js';

/** Who uses a wrapper, and where. */
export interface Witness {
  readonly process: SimulatedProcess;
  readonly place: Place;
}

/** Made anew for each run, so that it may keep what it saw. */
export interface Plant {
  store?(real: ObjectStore, who: Witness): ObjectStore;
  index?(real: ChunkIndex, who: Witness): ChunkIndex;
  workers?(real: Workers, who: Witness): Workers;
}
