/**
 * What can still be made of a pack whose footer is not what its name says: a flipped byte, an end that is cut off, another
 * pack's bytes under this name. Nothing read here is believed: offsets and lengths are proposals, and ids are not even
 * looked at, since an entry's bytes tell its id. A frame whose row makes no sense is left out; its neighbours stay.
 */
import { FRAME_MAX_BYTES, HASH_BYTES, PACK_MAX_ENTRIES, PACK_MAX_FRAMES, PACK_TAIL_BYTES } from './limits.js';
import { EntryKind, type Frame, FrameCodec, PackKind } from './pack.js';
import {
  FOOTER_FIXED_BYTES,
  FRAME_ROW_BYTES,
  PACK_HEADER_BYTES,
  PACK_TRAILER_BYTES,
} from './pack-constants.js';
import { readFrameRow } from './pack-decoder.js';

/** A frame as a row proposes it. */
export interface ProposedFrame {
  readonly offset: number;
  readonly storedBytes: number;
  readonly plainBytes: number;
  readonly codec: FrameCodec;
  readonly kind: EntryKind;
  /** Plain length of each entry. */
  readonly lengths: readonly number[];
}

export interface ProposedFooter {
  readonly kind: PackKind;
  /** Not empty. */
  readonly frames: readonly ProposedFrame[];
}

const MAGIC = Buffer.from('DFOT', 'latin1');
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
  for (const at of footerPlaces(bytes, view)) {
    const footer = proposeFooter(view, at, offset);
    if (footer !== undefined) return footer;
  }
  return undefined;
}

/** Where the trailer says that the footer begins, and wherever something begins as footers do, the last one first. */
function* footerPlaces(bytes: Buffer, view: DataView): Generator<number> {
  const trailerAt = bytes.length - PACK_TRAILER_BYTES;
  const told = trailerAt < 0 ? -1 : trailerAt - view.getUint32(trailerAt + 16, true);
  if (told >= 0) yield told;
  let from = bytes.length;
  for (let tries = 0; tries < MAX_TRIES && from >= 0; tries++) {
    const at = bytes.lastIndexOf(MAGIC, from);
    if (at < 0) return;
    if (at !== told) yield at;
    from = at - 1;
  }
}

interface Counts {
  readonly frames: number;
  readonly entries: number;
}

function proposeFooter(view: DataView, at: number, offset: number): ProposedFooter | undefined {
  if (at + FOOTER_FIXED_BYTES > view.byteLength) return undefined;
  const kind = view.getUint32(at + 4, true);
  let best: readonly ProposedFrame[] = [];
  let bestBytes = 0;
  for (const counts of countsAt(view, at)) {
    const frames = proposeFrames(view, at, offset, counts);
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

function proposeFrames(view: DataView, at: number, offset: number, counts: Counts): ProposedFrame[] {
  const end = Math.min(view.byteLength, at + PACK_TAIL_BYTES);
  const rowsAt = at + FOOTER_FIXED_BYTES;
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
  for (const row of rows) {
    const count = deficit === 0 ? row.entries : entriesOf(row, lengths, entry, deficit);
    const own = lengths.slice(entry, entry + count);
    entry += count;
    if (isPlausible(row, own, offset + at)) frames.push({ ...row, lengths: own });
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

function isPlausible(row: Frame, lengths: readonly number[], footerOffset: number): boolean {
  return (
    row.offset >= PACK_HEADER_BYTES &&
    row.storedBytes > 0 &&
    row.offset + row.storedBytes <= footerOffset &&
    row.plainBytes <= FRAME_MAX_BYTES &&
    (row.codec === FrameCodec.stored || row.codec === FrameCodec.zstd) &&
    row.kind >= EntryKind.chunk &&
    row.kind <= EntryKind.extents &&
    lengths.length > 0 &&
    lengths.every((length) => length > 0) &&
    lengths.reduce((sum, length) => sum + length, 0) === row.plainBytes
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
