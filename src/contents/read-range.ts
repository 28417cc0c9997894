import { HASH_BYTES, SEGMENT_BYTES } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import type { PackCatalog } from '../packs/pack-catalog.js';
import { ChunkFetcher } from './chunk-fetcher.js';
import { asBuffer, type ImageContents } from './image-contents.js';

/**
 * Bytes of an image at any offset: fewer than asked for only at its end.
 *
 * @throws chunk-damaged, chunk-missing, object-damaged, object-missing
 */
export async function readRange(
  engine: Engine,
  catalog: PackCatalog,
  contents: ImageContents,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const end = Math.min(offset + length, contents.size);
  if (offset >= end) return new Uint8Array(0);
  // Whole segments are laid out side by side; what was not asked for is left at zero where no chunk covers it.
  const first = Math.floor(offset / SEGMENT_BYTES);
  const base = first * SEGMENT_BYTES;
  const memory = new SharedArrayBuffer(Math.ceil((end - base) / SEGMENT_BYTES) * SEGMENT_BYTES);
  const fetcher = new ChunkFetcher(engine, catalog);
  for (let number = first; number * SEGMENT_BYTES < end; number++) {
    const segment = await contents.segment(number);
    const { offsets, lengths, ids } = segment.recipe;
    for (let i = 0; i < lengths.length; i++) {
      const at = segment.offset + offsets[i]!;
      if (at + lengths[i]! <= offset || at >= end) continue;
      await fetcher.want(asBuffer(ids), HASH_BYTES * i, lengths[i]!, at - base);
    }
  }
  const { lost } = await fetcher.run({ target: { kind: 'memory', memory }, keepFrames: true });
  const [worst] = lost;
  if (worst !== undefined) {
    throw new StoreError(worst.code, `Chunk ${worst.chunk.slice(0, 12)}… cannot be had: ${worst.reason}`, {
      chunk: worst.chunk,
      offset: base + worst.target,
      length: worst.length,
    });
  }
  return Buffer.from(memory, offset - base, end - offset);
}
