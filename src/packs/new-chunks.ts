import { PACK_MAX_ENTRIES } from '../../store-format/index.js';

/** The new chunks of one span, where they stand in its memory. */
export class NewChunks {
  readonly offsets: number[] = [];
  readonly lengths: number[] = [];
  /** 32 bytes each. */
  readonly ids: Uint8Array[] = [];
  bytes = 0;

  /** @param offset ascending from chunk to chunk */
  add(offset: number, length: number, id: Uint8Array): void {
    this.offsets.push(offset);
    this.lengths.push(length);
    this.ids.push(id);
    this.bytes += length;
  }

  /**
   * As many frames of about that size as the chunks fill well, each of neighbours; none where they would not fill one,
   * and are better gathered with those of other spans.
   */
  splitIntoFrames(frameBytes: number): readonly SpanFrame[] {
    const count = Math.round(this.bytes / frameBytes);
    const frames: SpanFrame[] = [];
    const share = this.bytes / count;
    let done = 0;
    let frame: SpanFrame | undefined;
    for (let i = 0; count > 0 && i < this.lengths.length; i++) {
      const isFull = done >= share * frames.length || frame?.lengths.length === PACK_MAX_ENTRIES;
      if (frame === undefined || isFull) {
        frame = { pieces: [], lengths: [], ids: [] };
        frames.push(frame);
      }
      addPiece(frame.pieces, this.offsets[i]!, this.lengths[i]!);
      frame.lengths.push(this.lengths[i]!);
      frame.ids.push(this.ids[i]!);
      done += this.lengths[i]!;
    }
    return frames;
  }
}

/** Chunks that are compressed together. */
export interface SpanFrame {
  /** Pairs (offset, length) in the span's memory; neighbours are one. */
  readonly pieces: number[];
  readonly lengths: number[];
  readonly ids: Uint8Array[];
}

function addPiece(pieces: number[], offset: number, length: number): void {
  const last = pieces.length - 2;
  if (last >= 0 && pieces[last]! + pieces[last + 1]! === offset) pieces[last + 1]! += length;
  else pieces.push(offset, length);
}
