/**
 * Which pieces to take from which frames: collected in any order, carried out frame by frame, so that each frame is
 * read and decompressed once per plan.
 */
import { HASH_BYTES, packKey } from '../../store-format/index.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { FooterTable } from '../packs/footer-table.js';
import type { Home } from '../packs/pack-catalog.js';
import type { FetchFrame, FetchJob, FetchTarget } from '../workers/jobs.js';

/** Plain bytes of the frames of one job: large enough that its message costs nothing, small enough to share out. */
const JOB_PLAIN_BYTES = 4 * 1024 * 1024;

export interface PlannedPiece {
  readonly home: Home;
  /** Byte offset in the target. */
  readonly target: number;
}

interface PlannedFrame {
  readonly footer: FooterTable;
  readonly frame: number;
  readonly pieces: PlannedPiece[];
}

/** A job before its frames' bytes are at hand, with what its pieces are. */
export interface PlannedJob {
  readonly frames: readonly PlannedFrame[];
  readonly pieces: readonly PlannedPiece[];
}

export class FetchPlan {
  readonly #frames = new Map<FooterTable, Map<number, PlannedFrame>>();
  #pieces = 0;

  get pieces(): number {
    return this.#pieces;
  }

  add(piece: PlannedPiece): void {
    const { footer, ordinal } = piece.home;
    let frames = this.#frames.get(footer);
    if (frames === undefined) {
      frames = new Map();
      this.#frames.set(footer, frames);
    }
    const number = footer.frameOf[ordinal]!;
    const frame = frames.get(number);
    if (frame === undefined) frames.set(number, { footer, frame: number, pieces: [piece] });
    else frame.pieces.push(piece);
    this.#pieces++;
  }

  /** Pack by pack and frame by frame, in the order in which the packs were first needed. */
  *jobs(): Generator<PlannedJob> {
    let frames: PlannedFrame[] = [];
    let bytes = 0;
    for (const byNumber of this.#frames.values()) {
      for (const frame of [...byNumber.values()].sort((a, b) => a.frame - b.frame)) {
        const { plainBytes } = frame.footer.frames[frame.frame]!;
        if (bytes + plainBytes > JOB_PLAIN_BYTES && frames.length > 0) {
          yield toJob(frames);
          frames = [];
          bytes = 0;
        }
        frames.push(frame);
        bytes += plainBytes;
      }
    }
    if (frames.length > 0) yield toJob(frames);
  }
}

function toJob(frames: readonly PlannedFrame[]): PlannedJob {
  for (const { pieces } of frames) {
    pieces.sort((a, b) => a.home.ordinal - b.home.ordinal || a.target - b.target);
  }
  return { frames, pieces: frames.flatMap(({ pieces }) => pieces) };
}

/** The job as a worker takes it. Where workers cannot read the packs themselves, their bytes are fetched here. */
export async function toFetchJob(
  objects: ObjectStore,
  job: PlannedJob,
  target: FetchTarget,
  keepFrames: boolean,
): Promise<FetchJob> {
  const count = job.pieces.length;
  const offsets = new Uint32Array(count);
  const lengths = new Uint32Array(count);
  const targets = new Float64Array(count);
  const ids = new Uint8Array(HASH_BYTES * count);
  for (const [i, { home, target: at }] of job.pieces.entries()) {
    const { footer, ordinal } = home;
    offsets[i] = footer.offsetOf[ordinal]!;
    lengths[i] = footer.lengths[ordinal]!;
    targets[i] = at;
    ids.set(footer.ids.subarray(HASH_BYTES * ordinal, HASH_BYTES * (ordinal + 1)), HASH_BYTES * i);
  }
  const frames = await Promise.all(job.frames.map((frame) => toFetchFrame(objects, frame)));
  return { frames, offsets, lengths, targets, ids, target, keepFrames };
}

async function toFetchFrame(objects: ObjectStore, planned: PlannedFrame): Promise<FetchFrame> {
  const { offset, storedBytes, plainBytes, codec } = planned.footer.frames[planned.frame]!;
  const key = packKey(planned.footer.pack);
  const source = objects.localPath?.(key) ?? (await objects.get(key, { offset, length: storedBytes })).bytes;
  return { source, offset, storedBytes, plainBytes, codec, pieces: planned.pieces.length };
}
