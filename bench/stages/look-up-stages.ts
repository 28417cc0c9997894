/** Look-ups of a capture, in the order of the image: of chunks that the store has, and of as many that it has not. */

import { blake3 } from '../../src/hashing/blake3.js';
import type { PackCatalog } from '../../src/packs/pack-catalog.js';
import { CHUNK_HOMES } from '../../src/packs/sought.js';
import { HASH_BYTES } from '../../store-format/index.js';
import type { SegmentChunks } from './capture-stages.js';
import type { StageMeter } from './stage-meter.js';
import type { StageStore } from './stage-store.js';

/** @param store knows the image */
export async function runLookUpStages(
  segments: readonly SegmentChunks[],
  store: StageStore,
  meter: StageMeter,
): Promise<void> {
  const chunks = segments.reduce((sum, { lengths }) => sum + lengths.length, 0);
  const known = segments.map(({ ids }) => ids);
  const unknown = known.map(otherIds);
  const [knowing, wondering] = [await store.openCatalog(), await store.openCatalog()];
  const hits = await meter.timeAsync('look up: known', () => countHomes(knowing, known));
  const misses = await meter.timeAsync('look up: new', () => countHomes(wondering, unknown));
  if (hits !== chunks || misses !== 0)
    throw new Error(`${hits} of ${chunks} chunks known, and ${misses} new`);
}

async function countHomes(catalog: PackCatalog, segments: readonly Buffer[]): Promise<number> {
  let found = 0;
  for (const ids of segments) {
    for (let at = 0; at < ids.length; at += HASH_BYTES) {
      const home = catalog.findKept(ids, at, CHUNK_HOMES) ?? (await catalog.find(ids, at, CHUNK_HOMES));
      if (home !== undefined) found++;
    }
  }
  return found;
}

/** As many ids that nobody has stored. */
function otherIds(ids: Buffer): Buffer {
  const others = Buffer.alloc(ids.length);
  for (let at = 0; at < ids.length; at += HASH_BYTES)
    others.set(blake3(ids.subarray(at, at + HASH_BYTES)), at);
  return others;
}
