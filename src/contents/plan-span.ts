/** A run of an image's segments, put together in memory: by whoever needs an image's bytes in order. */
import { type Extent, HASH_BYTES, SEGMENT_BYTES } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import type { PackCatalog } from '../packs/pack-catalog.js';
import { ChunkFetcher } from './chunk-fetcher.js';
import { asBuffer, type ImageContents } from './image-contents.js';
import { isLost, type LostRange, lostRange, resolveSegment } from './resolve-segment.js';
import type { SeedIndex } from './seed-index.js';

export interface ReadySpan {
  readonly memory: SharedArrayBuffer;
  readonly length: number;
  /** Plain bytes of its chunks, and those of them that came from seeds. */
  readonly chunkBytes: number;
  readonly seedBytes: number;
  /** Zeros stand there. */
  readonly lost: readonly LostRange[];
}

export interface SpanReaders {
  readonly engine: Engine;
  readonly catalog: PackCatalog;
  readonly contents: ImageContents;
  readonly seeds?: SeedIndex | undefined;
}

/**
 * Finds the span's chunks now, in order; what is returned fetches them.
 *
 * @param span starts with a segment. @param memory as long as the span, or longer
 */
export async function planSpan(
  { engine, catalog, contents, seeds }: SpanReaders,
  { offset: base, length }: Extent,
  memory: SharedArrayBuffer,
): Promise<() => Promise<ReadySpan>> {
  const fetcher = new ChunkFetcher(engine, catalog, seeds);
  const lost: LostRange[] = [];
  let chunkBytes = 0;
  new Uint8Array(memory, 0, length).fill(0);
  for (let at = base; at < base + length; at += SEGMENT_BYTES) {
    const segment = await resolveSegment(contents, at / SEGMENT_BYTES);
    if (isLost(segment)) {
      lost.push(segment);
      continue;
    }
    const { offsets, lengths } = segment.recipe;
    const ids = asBuffer(segment.recipe.ids);
    for (let i = 0; i < lengths.length; i++) {
      chunkBytes += lengths[i]!;
      const slow = fetcher.want(ids, HASH_BYTES * i, lengths[i]!, segment.offset + offsets[i]! - base);
      if (slow !== undefined) await slow;
    }
  }
  return async () => {
    const outcome = await fetcher.run({ target: { kind: 'memory', memory }, keepFrames: true });
    const { seedBytes } = outcome;
    const gone = outcome.lost.map((one) => lostRange(one, base));
    return { memory, length, chunkBytes, seedBytes, lost: [...lost, ...gone] };
  };
}
