/**
 * What can still be made of a pack whose footer is not what its name says: a flipped byte, an end that is cut off, another
 * pack's bytes under this name. Nothing read here is believed: offsets and lengths are proposals, and ids are not even
 * looked at, since an entry's bytes tell its id. A frame whose row makes no sense is left out; its neighbours stay.
 */
import { FRAME_MAX_BYTES, HASH_BYTES, PACK_MAX_ENTRIES, PACK_MAX_FRAMES, PACK_TAIL_BYTES } from './limits.js';
import { EntryKind, type Frame, FrameCodec, PackKind } from './pack.js';
import {
  FOOTER_FIXED_BYTES,
  FOOTER_MAGIC,
  FRAME_ROW_BYTES,
  PACK_HEADER_BYTES,
  PACK_TRAILER_BYTES,
} from './pack-constants.js';
import { readFrameRow } from './pack-decoder.js';
import { TAG_BYTES } from './seal.js';

/** A frame as a row proposes it. */
export interface ProposedFrame {
  /** Number of its row. */
  readonly ordinal: number;
  readonly offset: number;
  readonly storedBytes: number;
  readonly plainBytes: number;
  readonly codec: FrameCodec;
  readonly kind: EntryKind;
  /** Plain length of each entry. */
  readonly lengths: readonly number[];
  /** Of a sealed pack: what the frame takes in it. */
  readonly sealedBytes?: number;
}

export interface ProposedFooter {
  readonly kind: PackKind;
  /** Not empty. */
  readonly frames: readonly ProposedFrame[];
}

/** Length and id of an entry. */
const ENTRY_BYTES = 4 + HASH_BYTES;
/** Places that look like a footer and are none are rare; a hostile file may be full of them. */
const MAX_TRIES = 16;

/**
 * @param pack the whole file, or its last bytes
 * @param offset byte offset of `pack` in the file
 * @returns undefined when nothing in it looks like a footer
 */
export function salvageFooter(pack: Uint8Array, offset = 0): ProposedFooter | undefined {
  const bytes = Buffer.from(pack.buffer, pack.byteOffset, pack.byteLength);
  const view = new DataView(pack.buffer, pack.byteOffset, pack.byteLength);
  for (const at of footerPlaces(bytes, FOOTER_MAGIC)) {
    if (at + FOOTER_FIXED_BYTES > bytes.length) continue;
    const end = Math.min(bytes.length, at + PACK_TAIL_BYTES);
    const rows = { view, rowsAt: at + FOOTER_FIXED_BYTES, end, footerOffset: offset + at };
    const footer = bestFooter(view.getUint32(at + 4, true), countsAt(view, at), () => rows);
    if (footer !== undefined) return footer;
  }
  return undefined;
}

/** Where the trailer says that the footer begins, and wherever something begins as footers do, the last one first. */
export function* footerPlaces(bytes: Buffer, magic: number): Generator<number> {
  const trailerAt = bytes.length - PACK_TRAILER_BYTES;
  const told = trailerAt < 0 ? -1 : trailerAt - bytes.readUInt32LE(trailerAt + 16);
  if (told >= 0) yield told;
  const sought = Buffer.alloc(4);
  sought.writeUInt32LE(magic);
  let from = bytes.length;
  for (let tries = 0; tries < MAX_TRIES && from >= 0; tries++) {
    const at = bytes.lastIndexOf(sought, from);
    if (at < 0) return;
    if (at !== told) yield at;
    from = at - 1;
  }
}

export interface Counts {
  readonly frames: number;
  readonly entries: number;
}

/** Where rows and, behind them, lengths may stand. */
export interface ProposedRows {
  readonly view: DataView;
  readonly rowsAt: number;
  /** The last that is there. */
  readonly end: number;
  readonly footerOffset: number;
  /** Of each frame, where they are sealed. */
  readonly sealedLengths?: readonly number[];
}

/** Of all counts those that make sense of most bytes. @param kind what the footer says that the pack is */
export function bestFooter(
  kind: number,
  counts: Iterable<Counts>,
  rowsOf: (counts: Counts) => ProposedRows,
): ProposedFooter | undefined {
  let best: readonly ProposedFrame[] = [];
  let bestBytes = 0;
  for (const each of counts) {
    const frames = proposeFrames(rowsOf(each), each);
    const bytes = frames.reduce((sum, { plainBytes }) => sum + plainBytes, 0);
    if (bytes > bestBytes) [best, bestBytes] = [frames, bytes];
  }
  return ofOneKind(kind, best);
}

/** Those that the footer tells; where its length says otherwise, all that its length allows as well. */
function* countsAt(view: DataView, at: number): Generator<Counts> {
  const told = { frames: view.getUint32(at + 56, true), entries: view.getUint32(at + 60, true) };
  if (told.frames <= PACK_MAX_FRAMES && told.entries <= PACK_MAX_ENTRIES) yield told;
  const rest = view.byteLength - PACK_TRAILER_BYTES - at - FOOTER_FIXED_BYTES;
  if (rest === FRAME_ROW_BYTES * told.frames + ENTRY_BYTES * told.entries) return;
  for (let frames = 1; frames <= PACK_MAX_FRAMES && FRAME_ROW_BYTES * frames < rest; frames++) {
    const entries = (rest - FRAME_ROW_BYTES * frames) / ENTRY_BYTES;
    if (Number.isInteger(entries) && entries <= PACK_MAX_ENTRIES) yield { frames, entries };
  }
}

function proposeFrames(
  { view, rowsAt, end, footerOffset, sealedLengths }: ProposedRows,
  counts: Counts,
): ProposedFrame[] {
  const lengthsAt = rowsAt + FRAME_ROW_BYTES * counts.frames;
  if (lengthsAt > end) return [];
  // Of an end that is cut off the lengths may be the last that is there.
  const there = Math.min(counts.entries, Math.floor((end - lengthsAt) / 4));
  const lengths = Array.from({ length: there }, (_, i) => view.getUint32(lengthsAt + 4 * i, true));
  const rows = Array.from({ length: counts.frames }, (_, i) =>
    readFrameRow(view, rowsAt + FRAME_ROW_BYTES * i),
  );
  const deficit = counts.entries - rows.reduce((sum, { entries }) => sum + entries, 0);
  const frames: ProposedFrame[] = [];
  let entry = 0;
  for (const [ordinal, row] of rows.entries()) {
    const count = deficit === 0 ? row.entries : entriesOf(row, lengths, entry, deficit);
    const own = lengths.slice(entry, entry + count);
    entry += count;
    const frame = {
      ...row,
      ordinal,
      lengths: own,
      ...(sealedLengths && { sealedBytes: sealedLengths[ordinal]! }),
    };
    if (isPlausible(frame, footerOffset)) frames.push(frame);
  }
  return frames;
}

/** Where a row's number of entries is wrong: as many as fill the frame, or what the other rows leave for it. */
function entriesOf(row: Frame, lengths: readonly number[], first: number, deficit: number): number {
  let sum = 0;
  for (let i = first; i < lengths.length && sum < row.plainBytes; i++) {
    sum += lengths[i]!;
    if (sum === row.plainBytes) return i + 1 - first;
  }
  return Math.max(0, Math.min(row.entries + deficit, lengths.length - first));
}

function isPlausible(frame: ProposedFrame, footerOffset: number): boolean {
  const { offset, storedBytes, plainBytes, codec, kind, lengths, sealedBytes } = frame;
  return (
    offset >= PACK_HEADER_BYTES &&
    storedBytes > 0 &&
    offset + (sealedBytes ?? storedBytes) <= footerOffset &&
    (sealedBytes === undefined || sealedBytes >= storedBytes + TAG_BYTES) &&
    plainBytes <= FRAME_MAX_BYTES &&
    (codec === FrameCodec.stored || codec === FrameCodec.zstd) &&
    kind >= EntryKind.chunk &&
    kind <= EntryKind.extents &&
    lengths.length > 0 &&
    lengths.every((length) => length > 0) &&
    lengths.reduce((sum, length) => sum + length, 0) === plainBytes
  );
}

/** Chunks lie in data packs, all else in meta packs: the frames decide where the footer's own word makes no sense. */
function ofOneKind(told: number, frames: readonly ProposedFrame[]): ProposedFooter | undefined {
  const data = frames.filter((frame) => frame.kind === EntryKind.chunk);
  const meta = frames.filter((frame) => frame.kind !== EntryKind.chunk);
  const isTold = told === PackKind.data || told === PackKind.meta;
  const isData = isTold ? told === PackKind.data : data.length > meta.length;
  const own = isData ? data : meta;
  if (own.length === 0) return undefined;
  return { kind: isData ? PackKind.data : PackKind.meta, frames: own };
}
