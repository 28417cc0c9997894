import { HASH_BYTES } from '../../store-format/index.js';
import { asBuffer, type ImageContents } from './image-contents.js';
import { isLost, resolveSegment } from './resolve-segment.js';

/** 8 MiB: 1 in 700 other ids passes for an image of 100,000 chunks, 1 in 8 for one of 10 million. */
const BITS = 2 ** 26;

interface WalkSettings {
  readonly signal: AbortSignal | undefined;
  /** Called for every segment. */
  readonly renew: () => Promise<void>;
}

/** The ids of an image's chunks, as one bit of a map each: those of other chunks seldom pass. */
export class WantedIds {
  readonly #bits = new Uint8Array(BITS / 8);

  async addImage(contents: ImageContents, { signal, renew }: WalkSettings): Promise<void> {
    for (let number = 0; number < contents.segmentCount; number++) {
      signal?.throwIfAborted();
      await renew();
      const segment = await resolveSegment(contents, number);
      if (isLost(segment)) continue; // its turn to be reported comes later
      const ids = asBuffer(segment.recipe.ids);
      for (let at = 0; at < ids.length; at += HASH_BYTES) this.add(ids, at);
    }
  }

  add(ids: Buffer, at: number): void {
    const bit = bitOf(ids, at);
    this.#bits[bit >> 3]! |= 1 << (bit & 7);
  }

  has(ids: Buffer, at: number): boolean {
    const bit = bitOf(ids, at);
    return (this.#bits[bit >> 3]! & (1 << (bit & 7))) !== 0;
  }
}

/** Other bytes of the id than those that the index of seeds goes by. */
function bitOf(ids: Buffer, at: number): number {
  return ids.readUInt32LE(at + 8) & (BITS - 1);
}
