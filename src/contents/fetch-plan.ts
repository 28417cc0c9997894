/**
 * Which pieces to take from which frames: collected in any order, carried out frame by frame, so that each frame is
 * read and decompressed once per plan. What seeds seem to hold comes first: what they fail to give the store must.
 */
import { HASH_BYTES, heldBytes, packKey } from '../../store-format/index.js';
import { StoreError } from '../errors.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { FooterTable } from '../packs/footer-table.js';
import type { FetchFrame, FetchJob, FetchTarget } from '../workers/jobs.js';
import {
  idOf,
  isSeedPiece,
  lengthOf,
  type PlannedPiece,
  type SeedPiece,
  type StoredPiece,
} from './planned-piece.js';
import { type SeedRun, seedRuns, toFetchFrame as toSeedFrame } from './seed-runs.js';

/** Plain bytes of the frames of one job: large enough that its message costs nothing, small enough to share out. */
const JOB_PLAIN_BYTES = 4 * 1024 * 1024;

interface PackFrame {
  readonly footer: FooterTable;
  readonly frame: number;
  readonly pieces: StoredPiece[];
}

type PlannedFrame = PackFrame | SeedRun;

/** A job before its frames' bytes are at hand, with what its pieces are: all of packs, or all of seeds. */
export interface PlannedJob {
  readonly source: 'packs' | 'seeds';
  readonly frames: readonly PlannedFrame[];
  readonly pieces: readonly PlannedPiece[];
}

export class FetchPlan {
  readonly #frames = new Map<FooterTable, Map<number, PackFrame>>();
  readonly #seeds = new Map<string, SeedPiece[]>();
  #pieces = 0;

  get pieces(): number {
    return this.#pieces;
  }

  add(piece: PlannedPiece): void {
    this.#pieces++;
    if (isSeedPiece(piece)) this.#addSeedPiece(piece);
    else this.#addStoredPiece(piece);
  }

  #addSeedPiece(piece: SeedPiece): void {
    const pieces = this.#seeds.get(piece.seed);
    if (pieces === undefined) this.#seeds.set(piece.seed, [piece]);
    else pieces.push(piece);
  }

  #addStoredPiece(piece: StoredPiece): void {
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
  }

  /**
   * Seeds first; then pack by pack and frame by frame, in the order in which the packs were first needed.
   *
   * @param target path of what is written: where that is a seed, pieces are read before they are written over
   */
  *jobs(target: string | undefined): Generator<PlannedJob> {
    for (const [seed, pieces] of this.#seeds) {
      const runs = seedRuns(pieces);
      if (seed === target && movesUp(pieces)) runs.reverse();
      for (const frames of inJobs(runs)) yield toJob('seeds', frames);
    }
    for (const frames of inJobs(this.#packFrames())) yield toJob('packs', frames);
  }

  *#packFrames(): Generator<PackFrame> {
    for (const byNumber of this.#frames.values()) {
      for (const frame of [...byNumber.values()].sort((a, b) => a.frame - b.frame)) {
        frame.pieces.sort((a, b) => a.home.ordinal - b.home.ordinal || a.target - b.target);
        yield frame;
      }
    }
  }
}

function movesUp(pieces: readonly SeedPiece[]): boolean {
  return pieces.reduce((sum, { offset, target }) => sum + Math.sign(target - offset), 0) > 0;
}

function* inJobs(frames: Iterable<PlannedFrame>): Generator<readonly PlannedFrame[]> {
  let gathered: PlannedFrame[] = [];
  let bytes = 0;
  for (const frame of frames) {
    const plainBytes = 'seed' in frame ? frame.length : frame.footer.frames[frame.frame]!.plainBytes;
    if (bytes + plainBytes > JOB_PLAIN_BYTES && gathered.length > 0) {
      yield gathered;
      gathered = [];
      bytes = 0;
    }
    gathered.push(frame);
    bytes += plainBytes;
  }
  if (gathered.length > 0) yield gathered;
}

function toJob(source: PlannedJob['source'], frames: readonly PlannedFrame[]): PlannedJob {
  const pieces = frames.flatMap<PlannedPiece>(({ pieces }) => pieces);
  return { source, frames, pieces };
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
  let i = 0;
  for (const frame of job.frames) {
    for (const piece of frame.pieces) {
      offsets[i] = offsetInFrame(frame, piece);
      lengths[i] = lengthOf(piece);
      targets[i] = piece.target;
      ids.set(idOf(piece), HASH_BYTES * i);
      i++;
    }
  }
  const frames = await Promise.all(job.frames.map((frame) => toFetchFrame(objects, frame)));
  // A seed may change at any time: what is kept of it would be old.
  return { frames, offsets, lengths, targets, ids, target, keepFrames: keepFrames && job.source === 'packs' };
}

function offsetInFrame(frame: PlannedFrame, piece: PlannedPiece): number {
  if (isSeedPiece(piece)) return piece.offset - (frame as SeedRun).offset;
  return piece.home.footer.offsetOf[piece.home.ordinal]!;
}

async function toFetchFrame(objects: ObjectStore, planned: PlannedFrame): Promise<FetchFrame> {
  if ('seed' in planned) return toSeedFrame(planned);
  const frame = planned.footer.frames[planned.frame]!;
  const { offset, storedBytes, plainBytes, codec, seal } = frame;
  const key = packKey(planned.footer.pack);
  const read = await sourceOf(objects, key, offset, heldBytes(frame));
  const pieces = planned.pieces.length;
  return { ...read, offset, storedBytes, plainBytes, codec, ...(seal && { seal }), pieces };
}

/** No bytes of a pack that is gone or cannot be read: its pieces are bad then, and are looked for elsewhere. */
async function sourceOf(
  objects: ObjectStore,
  key: string,
  offset: number,
  length: number,
): Promise<Pick<FetchFrame, 'source' | 'failure'>> {
  const path = objects.localPath?.(key);
  if (path !== undefined) return { source: path };
  try {
    return { source: (await objects.get(key, { offset, length })).bytes };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.code === 'object-missing') return { source: new Uint8Array(0) };
    if (error.code === 'object-unreadable') return { source: new Uint8Array(0), failure: error.message };
    throw error;
  }
}
