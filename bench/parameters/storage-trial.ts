/**
 * What a store of all images would hold with other chunks, segments or holes: [1] chunks that differ, compressed in frames,
 * [2] recipes that differ, likewise, [3] a row for each entry and frame in the footers.
 */
import { type ChunkerParameters, HASH_BYTES, MIB } from '../../store-format/index.js';
import { FrameFiller } from './frame-filler.js';
import type { Region } from './regions.js';
import { SegmentScanner } from './segment-scanner.js';

const FRAME_BYTES = MIB;
const LEVEL = 3;
/** Id and length of an entry, and the fixed columns of a frame (store-format/SPEC.md, "Pack"). */
const ENTRY_ROW_BYTES: number = HASH_BYTES + 4;
const FRAME_ROW_BYTES = 56;
/** A recipe of a 16 MiB segment in the shortest chunks is not longer. */
const RECIPE_ROOM_BYTES: number = 4 * MIB;

export interface StorageSettings {
  readonly name: string;
  readonly chunker: ChunkerParameters;
  readonly segmentBytes: number;
}

export interface StorageFigures {
  readonly name: string;
  readonly dataBytes: number;
  readonly uniqueBytes: number;
  readonly storedBytes: number;
  readonly chunks: number;
  readonly uniqueChunks: number;
  readonly uniqueRecipes: number;
  /** Plain bytes of the recipes that differ, on average. */
  readonly recipeBytes: number;
  readonly recipesAndIdsBytes: number;
  readonly sumBytes: number;
}

export class StorageTrial {
  readonly #scanner: SegmentScanner;
  readonly #chunkFrames = new FrameFiller(FRAME_BYTES, LEVEL, FRAME_BYTES);
  readonly #recipeFrames = new FrameFiller(FRAME_BYTES, LEVEL, RECIPE_ROOM_BYTES);
  readonly #recipesMet = new Set<string>();
  #dataBytes = 0;
  #chunks = 0;

  constructor(private readonly settings: StorageSettings) {
    this.#scanner = new SegmentScanner(settings.chunker);
  }

  add({ bytes }: Region): void {
    const { segmentBytes } = this.settings;
    for (let start = 0; start < bytes.length; start += segmentBytes) {
      const { recipe, chunks, dataBytes, news } = this.#scanner.scan(
        bytes.subarray(start, start + segmentBytes),
      );
      this.#chunks += chunks;
      this.#dataBytes += dataBytes;
      for (const chunk of news) this.#chunkFrames.add(chunk); // [1]
      const id = Buffer.from(recipe.id).toString('latin1');
      if (this.#recipesMet.has(id)) continue;
      this.#recipesMet.add(id);
      this.#recipeFrames.add(recipe.bytes); // [2]
    }
  }

  finish(): StorageFigures {
    const [chunks, recipes] = [this.#chunkFrames, this.#recipeFrames];
    chunks.flush();
    recipes.flush();
    const rows =
      ENTRY_ROW_BYTES * (chunks.entries + recipes.entries) +
      FRAME_ROW_BYTES * (chunks.frames + recipes.frames); // [3]
    const recipesAndIdsBytes = recipes.storedBytes + rows;
    return {
      name: this.settings.name,
      dataBytes: this.#dataBytes,
      uniqueBytes: chunks.plainBytes,
      storedBytes: chunks.storedBytes,
      chunks: this.#chunks,
      uniqueChunks: chunks.entries,
      uniqueRecipes: recipes.entries,
      recipeBytes: recipes.plainBytes / recipes.entries,
      recipesAndIdsBytes,
      sumBytes: chunks.storedBytes + recipesAndIdsBytes,
    };
  }
}
