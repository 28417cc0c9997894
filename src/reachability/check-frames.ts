/** Decodes and hashes chunks where they lie, by workers: what may stay as the last copy, and what may be copied. */
import { type Frame, HASH_BYTES } from '../../store-format/index.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { FooterTable } from '../packs/footer-table.js';
import { readStoredFrame } from '../packs/read-frame.js';
import type { FetchTarget } from '../workers/jobs.js';

/** Entries of one frame: ordinals in its pack, ascending. */
export interface WantedFrame {
  readonly footer: FooterTable;
  readonly frame: Frame;
  readonly ordinals: readonly number[];
}

/** The frames of a pack that hold wanted entries. */
export function* wantedFrames(
  footer: FooterTable,
  isWanted: (ordinal: number) => boolean,
): Generator<WantedFrame> {
  let ordinal = 0;
  for (const frame of footer.frames) {
    const ordinals: number[] = [];
    for (const end = ordinal + frame.entries; ordinal < end; ordinal++)
      if (isWanted(ordinal)) ordinals.push(ordinal);
    if (ordinals.length > 0) yield { footer, frame, ordinals };
  }
}

export function plainBytesOf({ footer, ordinals }: WantedFrame): number {
  return ordinals.reduce((sum, ordinal) => sum + footer.lengths[ordinal]!, 0);
}

/** A frame's stored bytes; undefined when the file ends before. @throws object-unreadable: it may be whole tomorrow */
export async function readStored(
  objects: Pick<ObjectStore, 'get'>,
  { footer, frame }: WantedFrame,
): Promise<Uint8Array | undefined> {
  try {
    return await readStoredFrame(objects, footer.pack, frame);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'object-damaged') return undefined;
    throw error;
  }
}

/**
 * Checks the wanted chunks, and puts them into the target one after the other, frame by frame.
 *
 * @param stored of each frame; undefined where it could not be read
 * @returns per frame the ordinals that are bad
 */
export async function checkChunks(
  engine: Engine,
  frames: readonly WantedFrame[],
  stored: readonly (Uint8Array | undefined)[],
  target: FetchTarget,
): Promise<readonly ReadonlySet<number>[]> {
  const bad = frames.map(({ ordinals }, f) => new Set(stored[f] === undefined ? ordinals : []));
  const pieces = frames.reduce((sum, { ordinals }) => sum + ordinals.length, 0);
  const offsets = new Uint32Array(pieces);
  const lengths = new Uint32Array(pieces);
  const targets = new Float64Array(pieces);
  const ids = new Uint8Array(HASH_BYTES * pieces);
  const places: { readonly frame: number; readonly ordinal: number }[] = [];
  let at = 0;
  for (const [f, { footer, ordinals }] of frames.entries()) {
    for (const ordinal of ordinals) {
      const i = places.length;
      if (stored[f] !== undefined) {
        offsets[i] = footer.offsetOf[ordinal]!;
        lengths[i] = footer.lengths[ordinal]!;
        targets[i] = at;
        ids.set(footer.ids.subarray(HASH_BYTES * ordinal, HASH_BYTES * (ordinal + 1)), HASH_BYTES * i);
        places.push({ frame: f, ordinal });
      }
      at += footer.lengths[ordinal]!;
    }
  }
  const readable = frames.flatMap(({ frame, ordinals }, f) => {
    const source = stored[f];
    if (source === undefined) return [];
    const { storedBytes, plainBytes, codec } = frame;
    return [{ source, offset: 0, storedBytes, plainBytes, codec, pieces: ordinals.length }];
  });
  const job = { frames: readable, offsets, lengths, targets, ids, target, keepFrames: false };
  for (const { piece } of (await engine.workers.fetch(job)).bad) {
    const { frame, ordinal } = places[piece]!;
    bad[frame]!.add(ordinal);
  }
  return bad;
}
