/**
 * A restore to a new file on one thread, stage by stage: [1] plan, then frame by frame [2] read, [3] decompress, [4] check
 * each chunk by its id, [5] write neighbours by one call.
 */
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { decompressFrame } from '../../src/compression/zstd.js';
import { blake3 } from '../../src/hashing/blake3.js';
import type { FooterTable } from '../../src/packs/footer-table.js';
import type { Home, PackCatalog } from '../../src/packs/pack-catalog.js';
import { CHUNK_COPIES } from '../../src/packs/sought.js';
import { HASH_BYTES, packKey } from '../../store-format/index.js';
import type { SegmentChunks } from './capture-stages.js';
import type { StageMeter } from './stage-meter.js';
import type { StageStore } from './stage-store.js';

export interface RestoreTarget {
  readonly path: string;
  readonly sizeBytes: number;
}

/** @param store knows the image */
export async function runRestoreStages(
  segments: readonly SegmentChunks[],
  store: StageStore,
  target: RestoreTarget,
  meter: StageMeter,
): Promise<void> {
  const catalog = await store.openCatalog();
  const needed = await meter.timeAsync('look up and plan', () => planFrames(segments, catalog)); // [1]
  const fd = openSync(target.path, 'wx');
  const frames = new FrameReader(store, meter);
  try {
    ftruncateSync(fd, target.sizeBytes);
    for (const frame of needed) {
      const plain = frames.read(frame); // [2] [3]
      meter.time('verify chunks', () => checkPieces(plain, frame.pieces)); // [4]
      meter.time('write the file', () => writePieces(fd, plain, frame.pieces)); // [5]
    }
  } finally {
    frames.close();
    closeSync(fd);
  }
}

interface Piece {
  readonly home: Home;
  /** Byte offset in the image. */
  readonly target: number;
}

/** A frame of a pack, with what is taken from it, in the order of the frame. */
interface NeededFrame {
  readonly footer: FooterTable;
  readonly frame: number;
  readonly pieces: Piece[];
}

async function planFrames(
  segments: readonly SegmentChunks[],
  catalog: PackCatalog,
): Promise<readonly NeededFrame[]> {
  const byPack = new Map<FooterTable, Map<number, NeededFrame>>();
  for (const { offset, offsets, ids } of segments) {
    for (let i = 0; i < offsets.length; i++) {
      const at = HASH_BYTES * i;
      const target = offset + offsets[i]!;
      const home = catalog.findKept(ids, at, CHUNK_COPIES) ?? (await catalog.find(ids, at, CHUNK_COPIES));
      if (home === undefined) throw new Error(`No pack holds the chunk at byte ${target}`);
      addPiece(byPack, { home, target });
    }
  }
  const frames = [...byPack.values()].flatMap((needed) =>
    [...needed.values()].sort((a, b) => a.frame - b.frame),
  );
  for (const { pieces } of frames) {
    pieces.sort((a, b) => a.home.ordinal - b.home.ordinal || a.target - b.target);
  }
  return frames;
}

function addPiece(byPack: Map<FooterTable, Map<number, NeededFrame>>, piece: Piece): void {
  const { footer, ordinal } = piece.home;
  const frames = byPack.get(footer) ?? new Map<number, NeededFrame>();
  byPack.set(footer, frames);
  const frame = footer.frameOf[ordinal]!;
  const needed = frames.get(frame);
  if (needed === undefined) frames.set(frame, { footer, frame, pieces: [piece] });
  else needed.pieces.push(piece);
}

class FrameReader {
  readonly #files = new Map<string, number>();
  #stored = Buffer.alloc(0);
  #plain = Buffer.alloc(0);

  constructor(
    private readonly store: StageStore,
    private readonly meter: StageMeter,
  ) {}

  /** @returns the frame's plain bytes, good until the next one is read */
  read({ footer, frame }: NeededFrame): Buffer {
    const { offset, storedBytes, plainBytes, codec } = footer.frames[frame]!;
    if (this.#stored.length < storedBytes) this.#stored = Buffer.allocUnsafeSlow(storedBytes);
    if (this.#plain.length < plainBytes) this.#plain = Buffer.allocUnsafeSlow(plainBytes);
    const stored = this.#stored.subarray(0, storedBytes);
    this.meter.time('read frames', () => {
      const fd = this.#open(this.store.objects.localPath(packKey(footer.pack)));
      if (readSync(fd, stored, 0, storedBytes, offset) !== storedBytes)
        throw new Error('A pack is too short');
    });
    const plain = this.meter.time('decompress frames', () =>
      decompressFrame(codec, stored, plainBytes, this.#plain),
    );
    return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
  }

  #open(path: string): number {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const fd = openSync(path, 'r');
    this.#files.set(path, fd);
    return fd;
  }

  close(): void {
    for (const fd of this.#files.values()) closeSync(fd);
  }
}

/** @param pieces sorted by their place in the frame: the same chunk for several places is checked once */
function checkPieces(plain: Buffer, pieces: readonly Piece[]): void {
  let checked = -1;
  for (const { home } of pieces) {
    const { footer, ordinal } = home;
    if (ordinal === checked) continue;
    const offset = footer.offsetOf[ordinal]!;
    const id = blake3(plain.subarray(offset, offset + footer.lengths[ordinal]!));
    if (footer.ids.compare(id, 0, HASH_BYTES, HASH_BYTES * ordinal, HASH_BYTES * (ordinal + 1)) !== 0) {
      throw new Error(`Chunk ${ordinal} of pack ${footer.pack} differs from what was stored`);
    }
    checked = ordinal;
  }
}

function writePieces(fd: number, plain: Buffer, pieces: readonly Piece[]): void {
  for (let i = 0; i < pieces.length; ) {
    const { home, target } = pieces[i]!;
    const offset = home.footer.offsetOf[home.ordinal]!;
    let length = 0;
    for (; i < pieces.length; i++) {
      const next = pieces[i]!;
      const { footer, ordinal } = next.home;
      if (next.target !== target + length || footer.offsetOf[ordinal] !== offset + length) break;
      length += footer.lengths[ordinal]!;
    }
    for (let done = 0; done < length; ) {
      done += writeSync(fd, plain, offset + done, length - done, target + done);
    }
  }
}
