/**
 * A sketch of an image: a few chunks at places that all images share, so that a disk that is about to be captured can
 * be compared with every image of a store by reading a MiB or two of it.
 *
 * The places are the segments with the lowest ranks among those that are not zero; a rank follows from the number alone.
 */
import { decodeRecipe, SEGMENT_BYTES, type SketchSample, toHex } from '../../store-format/index.js';
import { zeroDigest } from '../hashing/zero-digest.js';
import type { Parent } from './parent.js';
import { sameBytes } from './parent-image.js';
import type { ScannedSegment } from './scanned-segment.js';

/** 32 samples tell a share of common content to within 9 %. */
const SAMPLES = 32;
/** Bytes of a chunk's id that a sample keeps. */
const ID_BYTES = 8;

interface Candidate {
  readonly number: number;
  readonly rank: number;
  /** Undefined for what was settled unseen. */
  readonly recipe: Uint8Array | undefined;
  readonly recipeId: Buffer;
}

export class Sketch {
  /** Ascending by rank. */
  readonly #chosen: Candidate[] = [];

  add(segment: ScannedSegment): void {
    const { number, length } = segment;
    const rank = rankOf(number);
    if (this.#chosen.length === SAMPLES && rank > this.#chosen.at(-1)!.rank) return;
    if (sameBytes(segment.digest, zeroDigest(length))) return;
    const recipe = segment.kind === 'found' ? Uint8Array.from(segment.recipe) : undefined;
    const at = this.#chosen.findIndex((other) => other.rank > rank);
    const recipeId = Buffer.from(segment.recipeId);
    this.#chosen.splice(at < 0 ? this.#chosen.length : at, 0, { number, rank, recipe, recipeId });
    if (this.#chosen.length > SAMPLES) this.#chosen.pop();
  }

  async finish(parent: Parent | undefined): Promise<readonly SketchSample[]> {
    const samples: SketchSample[] = [];
    for (const { number, recipe, recipeId } of this.#chosen) {
      const bytes = recipe ?? (await parent?.recipeBytes(recipeId));
      const known = bytes === undefined ? sampleOf(parent, number) : undefined;
      if (known !== undefined) samples.push(known);
      const { offsets, lengths, ids } = bytes === undefined ? NOTHING : decodeRecipe(bytes);
      if (lengths.length === 0) continue;
      const offset = number * SEGMENT_BYTES + offsets[0]!;
      samples.push({ offset, length: lengths[0]!, id: sampleId(ids) });
    }
    return samples.sort((a, b) => a.offset - b.offset);
  }
}

/** What the parent's own sketch says of a segment: all that is left where its recipe cannot be read. */
function sampleOf(parent: Parent | undefined, number: number): SketchSample | undefined {
  const isInside = ({ offset }: SketchSample) => Math.floor(offset / SEGMENT_BYTES) === number;
  return parent?.header.sketch?.find(isInside);
}

/** What a sample keeps of a chunk's id. */
export function sampleId(id: Uint8Array): string {
  return toHex(id.subarray(0, ID_BYTES));
}

const NOTHING = { offsets: [] as number[], lengths: [] as number[], ids: new Uint8Array(0) };

/** A fixed shuffle of the numbers: the finalizer of MurmurHash3. */
function rankOf(number: number): number {
  let h = (number + 0x9e3779b9) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
