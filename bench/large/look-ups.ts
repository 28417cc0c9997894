/** How many ids a second the catalog finds, footer and all, in the orders in which they come. */
import type { PackCatalog } from '../../src/packs/pack-catalog.js';
import { CHUNK_HOMES } from '../../src/packs/sought.js';
import { HASH_BYTES } from '../../store-format/index.js';
import { TinyChunkSource } from './tiny-chunks.js';

/** A look-up that turns out slow is measured for so long. */
const LIMIT_MS = 10_000;
const STORED_ORDER_IDS = 400_000;
const RANDOM_ORDER_IDS = 50_000;
const MISSES = 400_000;
/** Made at a time, apart from what is timed. */
const GROUP = 4096;

export interface LookUpRate {
  readonly what: 'hits, stored order' | 'hits, random order' | 'misses';
  readonly ids: number;
  readonly idsPerSecond: number;
  /** What a busy machine does not change much. */
  readonly cpuMicrosecondsPerId: number;
}

export async function measureLookUps(
  catalog: PackCatalog,
  chunks: number,
  seed: string,
): Promise<readonly LookUpRate[]> {
  const stored = new TinyChunkSource(seed);
  const other = new TinyChunkSource(`${seed}, but not stored`);
  const random = shuffled(chunks);
  return [
    await rate(catalog, 'misses', MISSES, (first, count) => other.make(first, count).ids),
    await rate(
      catalog,
      'hits, stored order',
      Math.min(STORED_ORDER_IDS, chunks),
      (first, count) => stored.make(first, count).ids,
    ),
    await rate(catalog, 'hits, random order', Math.min(RANDOM_ORDER_IDS, chunks), (_first, count) =>
      Buffer.concat(Array.from({ length: count }, () => stored.make(random(), 1).ids)),
    ),
  ];
}

async function rate(
  catalog: PackCatalog,
  what: LookUpRate['what'],
  limit: number,
  idsFrom: (first: number, count: number) => Buffer,
): Promise<LookUpRate> {
  let [done, spentMs, cpuMicroseconds] = [0, 0, 0];
  while (done < limit && spentMs < LIMIT_MS) {
    const count = Math.min(GROUP, limit - done);
    const ids = idsFrom(done, count);
    const start = performance.now();
    const cpuBefore = process.cpuUsage();
    for (let i = 0; i < count; i++) {
      const home = await catalog.find(ids, HASH_BYTES * i, CHUNK_HOMES);
      if ((home === undefined) !== (what === 'misses')) throw new Error(`A wrong answer among the ${what}`);
    }
    spentMs += performance.now() - start;
    const { user, system } = process.cpuUsage(cpuBefore);
    cpuMicroseconds += user + system;
    done += count;
  }
  return {
    what,
    ids: done,
    idsPerSecond: (1000 * done) / spentMs,
    cpuMicrosecondsPerId: cpuMicroseconds / done,
  };
}

/** Numbers below `limit`, the same in every run. */
function shuffled(limit: number): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
