/**
 * Where the chunks of a segment may end, from the same segment of an earlier image (SPEC.md, "Prediction"). A guess
 * that the bytes confirm is what cutting would have given, for the price of the hash alone.
 *
 * The next guess is the chunk that followed the last one met again, wherever it stood in the parent; so guessing
 * resumes after a change, also when what follows has moved.
 */
import { HASH_BYTES, type Recipe } from '../../store-format/layouts.js';

export class ChunkGuesses {
  readonly #ids: Buffer;
  /** 1 for chunks that ended because their data run did: cutting might have gone on. */
  readonly #endsRun: Uint8Array;
  /** Chunk of each id, once something was cut. */
  #ordinals: Map<string, number> | undefined;
  /** Chunk that follows the last one met again, -1 when there is none. */
  #next = 0;
  /** No chunk before it starts behind what was cut: guesses by position go on from here. */
  #passed = 0;

  constructor(
    private readonly parent: Recipe,
    private readonly maxBytes: number,
  ) {
    const { ids } = parent;
    this.#ids = Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength);
    this.#endsRun = markRunEnds(parent);
  }

  /**
   * Length of the chunk that starts at `start` in a data run that ends at `end`, if a guess is right.
   *
   * @param hash of the bytes from `start` on, so many of them
   */
  take(start: number, end: number, hash: (length: number) => Uint8Array): Guessed | undefined {
    const next = this.#next;
    const found = this.#try(next, start, end, hash);
    if (found !== undefined) return found;
    const here = this.#startingAt(start);
    return here === next ? undefined : this.#try(here, start, end, hash);
  }

  /** Tells what was cut instead: if the parent has that chunk, guessing goes on behind it. */
  note(id: Uint8Array): void {
    this.#ordinals ??= this.#mapIds();
    const ordinal = this.#ordinals.get(asKey(id));
    this.#next = ordinal === undefined ? -1 : ordinal + 1;
  }

  #try(
    ordinal: number,
    start: number,
    end: number,
    hash: (length: number) => Uint8Array,
  ): Guessed | undefined {
    const length = this.parent.lengths[ordinal];
    if (length === undefined || start + length > end) return undefined;
    if (this.#endsRun[ordinal] === 1 && length !== this.maxBytes && start + length !== end) return undefined;
    const id = hash(length);
    const own = HASH_BYTES * ordinal;
    if (this.#ids.compare(id, 0, HASH_BYTES, own, own + HASH_BYTES) !== 0) return undefined;
    this.#next = ordinal + 1;
    return { length, id };
  }

  #startingAt(start: number): number {
    const { offsets } = this.parent;
    while (this.#passed < offsets.length && offsets[this.#passed]! < start) this.#passed++;
    return offsets[this.#passed] === start ? this.#passed : -1;
  }

  #mapIds(): Map<string, number> {
    const ordinals = new Map<string, number>();
    for (let i = this.parent.lengths.length - 1; i >= 0; i--) {
      ordinals.set(asKey(this.#ids.subarray(HASH_BYTES * i, HASH_BYTES * (i + 1))), i);
    }
    return ordinals;
  }
}

export interface Guessed {
  readonly length: number;
  readonly id: Uint8Array;
}

function asKey(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, HASH_BYTES).toString('latin1');
}

function markRunEnds({ holes, offsets, lengths, segmentLength }: Recipe): Uint8Array {
  const marks = new Uint8Array(lengths.length);
  let hole = 0;
  for (let i = 0; i < lengths.length; i++) {
    const end = offsets[i]! + lengths[i]!;
    while (hole < holes.length && holes[hole]! < end) hole += 2;
    if (end === (holes[hole] ?? segmentLength)) marks[i] = 1;
  }
  return marks;
}
