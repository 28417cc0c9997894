/** One step in a process of its own; its result goes to a file: `step.ts WHAT STORE CHUNKS SEED RESULT`. */

import { readFile, writeFile } from 'node:fs/promises';
import { CHUNK_HOMES } from '../../src/packs/sought.js';
import { buildStore } from './build-store.js';
import { type LookUpRate, measureLookUps } from './look-ups.js';
import { openCatalog } from './open-catalog.js';
import { TinyChunkSource } from './tiny-chunks.js';

export interface FirstLookUp {
  /** From opening the store, its code loaded, to the first answer. */
  readonly milliseconds: number;
  readonly knownPacks: number;
}

export interface LookUps {
  readonly rates: readonly LookUpRate[];
  /** Pages of files, such as tables of the index, that count as resident at the end: the kernel may take them back. */
  readonly mappedBytes: number;
}

const STEPS = {
  /** What Node and the loaded code need, for comparison. */
  'load the code': async () => undefined,
  build: buildStore,
  'first look-up': async (store: string, chunks: number, seed: string): Promise<FirstLookUp> => {
    const { ids } = new TinyChunkSource(seed).make(Math.floor(chunks / 2), 1);
    await import('level');
    const start = performance.now();
    const { slot, catalog } = await openCatalog(store);
    if ((await catalog.find(ids, 0, CHUNK_HOMES)) === undefined)
      throw new Error('A stored chunk was not found');
    const milliseconds = performance.now() - start;
    const knownPacks = slot.index.packs.size;
    await slot.close();
    return { milliseconds, knownPacks };
  },
  'look-ups': async (store: string, chunks: number, seed: string): Promise<LookUps> => {
    const { slot, catalog } = await openCatalog(store);
    const rates = await measureLookUps(catalog, chunks, seed);
    const status = await readFile('/proc/self/status', 'utf8');
    await slot.close();
    return { rates, mappedBytes: Number(/^RssFile:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024 };
  },
} as const;

export type StepName = keyof typeof STEPS;

const [what, store, chunks, seed, result] = process.argv.slice(2);
const value = await STEPS[what as StepName](store!, Number(chunks), seed!);
await writeFile(result!, JSON.stringify(value ?? null));
