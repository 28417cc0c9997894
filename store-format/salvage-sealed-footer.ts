/**
 * The same of a sealed pack. Its parts were sealed by a cipher that turns a byte of what it says for a byte of what is
 * stored, so what comes out without a look at the tags is proposals like those of an open footer: frames have tags of their
 * own, and an entry's bytes tell its id. The key stands twice in the pack.
 */
import { HASH_BYTES, PACK_MAX_ENTRIES, SEALED_PACK_MAX_FRAMES } from './limits.js';
import {
  FRAME_ROW_BYTES,
  PACK_HEADER_BYTES,
  PACK_TRAILER_BYTES,
  SEALED_FOOTER_FIXED_BYTES,
  SEALED_FOOTER_MAGIC,
  SEALED_IDS_FIXED_BYTES,
  SEALED_ROW_BYTES,
} from './pack-constants.js';
import { bestFooter, type Counts, footerPlaces, type ProposedFooter } from './salvage-footer.js';
import { SEAL_BYTES, TAG_BYTES } from './seal.js';

/** Before what is padded stands its length. */
const LENGTH_BYTES = 4;

/** The sealed parts of a footer, if they stand there. */
export interface ProposedParts {
  /** The one of them that opens is the pack's. */
  readonly seals: readonly Uint8Array[];
  readonly idsPart: Uint8Array;
  readonly rowsPart: Uint8Array;
  readonly footerOffset: number;
}

/** @param pack the whole file */
export function* sealedFooterPlaces(pack: Uint8Array): Generator<ProposedParts> {
  const bytes = Buffer.from(pack.buffer, pack.byteOffset, pack.byteLength);
  for (const at of footerPlaces(bytes, SEALED_FOOTER_MAGIC)) {
    const idsAt = at + SEALED_FOOTER_FIXED_BYTES;
    if (idsAt > bytes.length) continue;
    const seals = [at + 8, PACK_HEADER_BYTES].map((from) => bytes.subarray(from, from + SEAL_BYTES));
    const lengthsAt = at + 8 + SEAL_BYTES;
    const rowsBytes = bytes.readUInt32LE(lengthsAt + 4);
    const trailerAt = bytes.length - PACK_TRAILER_BYTES;
    // One of the two lengths may be wrong: the trailer's place stands for it.
    for (const rowsAt of new Set([idsAt + bytes.readUInt32LE(lengthsAt), trailerAt - rowsBytes])) {
      if (rowsAt < idsAt || rowsAt > bytes.length) continue;
      for (const end of new Set([rowsAt + rowsBytes, trailerAt, bytes.length])) {
        if (end <= rowsAt || end > bytes.length) continue;
        const rowsPart = bytes.subarray(rowsAt, end);
        yield { seals, idsPart: bytes.subarray(idsAt, rowsAt), rowsPart, footerOffset: at };
      }
    }
  }
}

/**
 * @param ids the parts as they come out, with their padding, whether they are whole or not
 * @returns undefined when they make no sense
 */
export function salvageSealedFooter(
  ids: Buffer,
  rows: Buffer,
  footerOffset: number,
): ProposedFooter | undefined {
  if (ids.length < LENGTH_BYTES + SEALED_IDS_FIXED_BYTES || rows.length < 2 * LENGTH_BYTES) return undefined;
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  return bestFooter(ids.readUInt32LE(LENGTH_BYTES), countsOf(ids, rows), ({ frames }) => {
    const lengthsAt = 2 * LENGTH_BYTES;
    const rowsAt = lengthsAt + SEALED_ROW_BYTES * frames;
    const there = Math.min(frames, Math.floor((rows.length - lengthsAt) / SEALED_ROW_BYTES));
    const sealedLengths = Array.from({ length: there }, (_, i) =>
      rows.readUInt32LE(lengthsAt + SEALED_ROW_BYTES * i),
    );
    return { view, rowsAt, end: rows.length, footerOffset, sealedLengths };
  });
}

/** Frames and entries are told, and so is what both take: of the three one may be wrong. */
function* countsOf(ids: Buffer, rows: Buffer): Generator<Counts> {
  const frames = rows.readUInt32LE(LENGTH_BYTES);
  const entries = ids.readUInt32LE(LENGTH_BYTES + 20);
  const entriesByLength = (ids.readUInt32LE(0) - SEALED_IDS_FIXED_BYTES) / HASH_BYTES;
  const perFrame = SEALED_ROW_BYTES + FRAME_ROW_BYTES;
  yield* legal({ frames, entries });
  yield* legal({ frames, entries: entriesByLength });
  for (const length of [rows.readUInt32LE(0), lengthBeforePadding(rows)]) {
    const rest = length - LENGTH_BYTES;
    yield* legal({ frames, entries: (rest - perFrame * frames) / 4 });
    yield* legal({ frames: (rest - 4 * entries) / perFrame, entries });
    yield* legal({ frames: (rest - 4 * entriesByLength) / perFrame, entries: entriesByLength });
  }
}

function* legal({ frames, entries }: Counts): Generator<Counts> {
  const isLegal = (count: number, most: number) => Number.isInteger(count) && count > 0 && count <= most;
  if (isLegal(frames, SEALED_PACK_MAX_FRAMES) && isLegal(entries, PACK_MAX_ENTRIES))
    yield { frames, entries };
}

/** No length is 0, and padding is. What stands last is the tag. */
function lengthBeforePadding(rows: Buffer): number {
  let end = rows.length - TAG_BYTES;
  while (end > LENGTH_BYTES && rows[end - 1] === 0) end--;
  return 4 * Math.ceil((end - LENGTH_BYTES) / 4);
}
