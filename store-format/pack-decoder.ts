/** Reads packs (SPEC.md, "Pack"): every field is checked, so that what comes out needs no second look. */
import { FormatError } from './format-error.js';
import { type Blake3, type LeaseId, type PackId, toHex } from './ids.js';
import {
  FORMAT_VERSION,
  FRAME_MAX_BYTES,
  HASH_BYTES,
  PACK_MAX_BYTES,
  PACK_MAX_ENTRIES,
  PACK_MAX_FRAMES,
  SEALED_PACK_MAX_FRAMES,
} from './limits.js';
import {
  EntryKind,
  encodePackHeader,
  type Frame,
  FrameCodec,
  type FrameSeal,
  heldBytes,
  type PackFooter,
  PackKind,
} from './pack.js';
import {
  FOOTER_FIXED_BYTES,
  FOOTER_MAGIC,
  FRAME_ROW_BYTES,
  PACK_HEADER_BYTES,
  PACK_TRAILER_BYTES,
  TRAILER_HASH_AT,
  TRAILER_MAGIC,
  TRAILER_SIGNATURE_AT,
} from './pack-constants.js';
import { TAG_BYTES } from './seal.js';
import {
  decodeIdsPart,
  decodeSealedFooter,
  isSealedFooter,
  joinFooter,
  type SealedFooter,
} from './sealed-footer.js';
import { checkSignatureSlot, readSignatureSlot, type SignatureSlot } from './signature.js';

const HEADER = 'pack header';
const FOOTER = 'pack footer';
const TRAILER = 'pack trailer';

/** Checks a pack's first 16 bytes. Readers of frames need them not; a scrub looks. @throws FormatError */
export function checkPackHeader(bytes: Uint8Array): void {
  if (bytes.length < PACK_HEADER_BYTES) throw new FormatError('truncated', HEADER, bytes.length, 'too short');
  const expected = encodePackHeader();
  if (expected.compare(bytes, 0, 8, 0, 8) !== 0) throw new FormatError('bad-magic', HEADER, 0, 'not a pack');
  if (expected.compare(bytes, 8, 12, 8, 12) !== 0) {
    throw new FormatError('bad-version', HEADER, 8, 'another format');
  }
  if (expected.compare(bytes, 12, 16, 12, 16) !== 0)
    throw new FormatError('bad-value', HEADER, 12, 'reserved');
}

export interface PackTail {
  readonly id: PackId;
  readonly footer: PackFooter;
  /** Byte offset of the footer: the end of the frames. */
  readonly footerOffset: number;
  /** BLAKE3 of every byte before the trailer's hash field. */
  readonly hashBefore: Uint8Array;
  readonly packBytes: number;
  /** Public key of whoever signed it, 64 hex digits; of a sealed pack alone. */
  readonly signer?: string;
}

/** A sealed footer's parts, opened. */
export interface OpenedFooter {
  readonly idsPart: Uint8Array;
  /** Undefined where the keys at hand open the ids alone. */
  readonly rows?: { readonly part: Uint8Array; readonly frameKey: Uint8Array };
  readonly storeId: Uint8Array;
  readonly salt: Uint8Array;
  readonly signer: string;
}

/** Opens sealed footers, and says whose signature stands on them. */
export interface FooterOpener {
  /** @param covered what the signature covers. @throws FormatError */
  openFooter(footer: SealedFooter, slot: SignatureSlot, covered: Uint8Array): OpenedFooter;
}

/**
 * Decodes footer and trailer from a pack's last bytes and checks them against its name.
 *
 * @param tail the last bytes of the pack: all of it, or at least footer and trailer
 * @param packBytes length of the whole pack
 * @param opener in a store with keys: it holds sealed packs alone, and any other none
 * @throws FormatError
 */
export function decodePackTail(
  tail: Uint8Array,
  packBytes: number,
  expected: PackId,
  blake3: Blake3,
  opener?: FooterOpener,
): PackTail {
  const trailerAt = tail.length - PACK_TRAILER_BYTES;
  if (trailerAt < 0) throw new FormatError('truncated', TRAILER, tail.length, 'no trailer');
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  if (view.getUint32(trailerAt, true) !== TRAILER_MAGIC) {
    throw new FormatError('bad-magic', TRAILER, 0, 'not a pack trailer');
  }
  const version = view.getUint32(trailerAt + 4, true);
  if (version !== FORMAT_VERSION) throw new FormatError('bad-version', TRAILER, 4, `format 0.${version}`);
  const footerBytes = view.getUint32(trailerAt + 16, true);
  const footerAt = trailerAt - footerBytes;
  if (footerAt < 0) throw new FormatError('truncated', TRAILER, 16, `footer of ${footerBytes} bytes`);
  const id = toHex(blake3(tail.subarray(footerAt))) as PackId;
  if (id !== expected) throw new FormatError('bad-hash', FOOTER, 0, `hashes to ${id}, named ${expected}`);
  const footerOffset = Number(view.getBigUint64(trailerAt + 8, true));
  if (footerOffset !== packBytes - PACK_TRAILER_BYTES - footerBytes || footerOffset < PACK_HEADER_BYTES) {
    throw new FormatError('bad-value', TRAILER, 8, `footer at ${footerOffset} of ${packBytes}`);
  }
  if (footerOffset > PACK_MAX_BYTES) throw new FormatError('too-large', TRAILER, 8, `${footerOffset} bytes`);
  if (tail.subarray(trailerAt + 20, trailerAt + TRAILER_HASH_AT).some((byte) => byte !== 0)) {
    throw new FormatError('bad-value', TRAILER, 20, 'reserved bytes');
  }
  const slotAt = trailerAt + TRAILER_SIGNATURE_AT;
  const footer = tail.subarray(footerAt, trailerAt);
  if (opener === undefined) checkSignatureSlot(tail, slotAt, TRAILER);
  const decoded =
    opener === undefined
      ? { footer: decodePackFooter(footer, footerOffset) }
      : openPackFooter(
          decodeSealedFooter(footer),
          footerOffset,
          readSignatureSlot(tail, slotAt, TRAILER),
          tail.subarray(footerAt, slotAt),
          opener,
        );
  return {
    id,
    ...decoded,
    footerOffset,
    hashBefore: tail.subarray(trailerAt + TRAILER_HASH_AT, trailerAt + TRAILER_SIGNATURE_AT),
    packBytes,
  };
}

function openPackFooter(
  sealed: SealedFooter,
  footerOffset: number,
  slot: SignatureSlot,
  covered: Uint8Array,
  opener: FooterOpener,
): Pick<PackTail, 'footer' | 'signer'> {
  const { idsPart, rows, salt, storeId, signer } = opener.openFooter(sealed, slot, covered);
  if (rows === undefined) return { footer: decodeIdsPart(idsPart, salt), signer };
  const { footer, sealedLengths } = joinFooter(idsPart, rows.part, salt);
  const seals = sealedLengths.map((sealedBytes, ordinal) => ({
    key: rows.frameKey,
    storeId,
    salt,
    ordinal,
    sealedBytes,
  }));
  return { footer: decodePackFooter(footer, footerOffset, seals), signer };
}

/** @param seals of a sealed pack's frames. @throws FormatError */
export function decodePackFooter(
  bytes: Uint8Array,
  footerOffset: number,
  seals?: readonly FrameSeal[],
): PackFooter {
  if (isSealedFooter(bytes)) throw new FormatError('bad-seal', FOOTER, 0, 'it is sealed: a key is needed');
  if (bytes.length < FOOTER_FIXED_BYTES)
    throw new FormatError('truncated', FOOTER, bytes.length, 'no footer');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== FOOTER_MAGIC)
    throw new FormatError('bad-magic', FOOTER, 0, 'not a pack footer');
  const kind = view.getUint32(4, true);
  if (kind !== PackKind.data && kind !== PackKind.meta)
    throw new FormatError('bad-value', FOOTER, 4, `kind ${kind}`);
  const frameCount = view.getUint32(56, true);
  const entryCount = view.getUint32(60, true);
  if (frameCount === 0) throw new FormatError('bad-value', FOOTER, 56, 'a pack without frames');
  const mostFrames = seals === undefined ? PACK_MAX_FRAMES : SEALED_PACK_MAX_FRAMES;
  if (frameCount > mostFrames || entryCount > PACK_MAX_ENTRIES) {
    throw new FormatError('too-large', FOOTER, 56, `${frameCount} frames, ${entryCount} entries`);
  }
  const lengthsAt = FOOTER_FIXED_BYTES + FRAME_ROW_BYTES * frameCount;
  const idsAt = lengthsAt + 4 * entryCount;
  if (bytes.length !== idsAt + HASH_BYTES * entryCount) {
    throw new FormatError(
      'truncated',
      FOOTER,
      bytes.length,
      `expected ${idsAt + HASH_BYTES * entryCount} bytes`,
    );
  }
  const lengths = new Uint32Array(entryCount);
  for (let i = 0; i < entryCount; i++) {
    lengths[i] = view.getUint32(lengthsAt + 4 * i, true);
    if (lengths[i] === 0)
      throw new FormatError('bad-value', FOOTER, lengthsAt + 4 * i, `entry ${i} is empty`);
  }
  const frames = decodeFrames(view, frameCount, lengths, footerOffset, seals);
  const stray = frames.findIndex((frame) => (frame.kind === EntryKind.chunk) !== (kind === PackKind.data));
  if (stray >= 0) {
    throw new FormatError(
      'bad-value',
      FOOTER,
      FOOTER_FIXED_BYTES + FRAME_ROW_BYTES * stray + 22,
      'entry kind',
    );
  }
  return {
    kind,
    salt: bytes.subarray(8, 40),
    lease: toHex(bytes.subarray(40, 56)) as LeaseId,
    frames,
    lengths,
    ids: bytes.subarray(idsAt),
  };
}

function decodeFrames(
  view: DataView,
  count: number,
  lengths: Uint32Array,
  footerOffset: number,
  seals: readonly FrameSeal[] | undefined,
): Frame[] {
  const frames: Frame[] = [];
  let end = PACK_HEADER_BYTES;
  let entry = 0;
  for (let i = 0; i < count; i++) {
    const at = FOOTER_FIXED_BYTES + FRAME_ROW_BYTES * i;
    const seal = seals?.[i];
    const row = readFrameRow(view, at);
    const frame = seal === undefined ? row : { ...row, seal };
    // Frames stand in order; a gap between them is padding and means nothing.
    const frameEnd = frame.offset + heldBytes(frame);
    if (frame.offset < end || frameEnd > footerOffset)
      throw new FormatError('bad-value', FOOTER, at, `frame ${i} at ${frame.offset}-${frameEnd}`);
    if (seal !== undefined && seal.sealedBytes < frame.storedBytes + TAG_BYTES)
      throw new FormatError('bad-value', FOOTER, at, `frame ${i} sealed in ${seal.sealedBytes} bytes`);
    checkFrame(frame, i, at);
    if (frame.entries === 0 || frame.entries > lengths.length - entry) {
      throw new FormatError('bad-value', FOOTER, at + 16, `frame ${i} of ${frame.entries} entries`);
    }
    let plain = 0;
    for (let e = 0; e < frame.entries; e++) plain += lengths[entry++]!;
    if (plain !== frame.plainBytes) {
      throw new FormatError('bad-value', FOOTER, at + 12, `frame ${i} of ${frame.plainBytes} bytes`);
    }
    end = frameEnd;
    frames.push(frame);
  }
  if (entry !== lengths.length) throw new FormatError('bad-value', FOOTER, 60, 'entries outside all frames');
  return frames;
}

/** A frame's row as it stands there, unchecked. */
export function readFrameRow(view: DataView, at: number): Frame {
  return {
    offset: Number(view.getBigUint64(at, true)),
    storedBytes: view.getUint32(at + 8, true),
    plainBytes: view.getUint32(at + 12, true),
    entries: view.getUint32(at + 16, true),
    codec: view.getUint16(at + 20, true) as FrameCodec,
    kind: view.getUint16(at + 22, true) as EntryKind,
    hash: new Uint8Array(view.buffer, view.byteOffset + at + 24, HASH_BYTES),
  };
}

function checkFrame(frame: Frame, i: number, at: number): void {
  if (frame.plainBytes > FRAME_MAX_BYTES) throw new FormatError('too-large', FOOTER, at + 12, `frame ${i}`);
  if (frame.codec > FrameCodec.zstd) {
    throw new FormatError('bad-value', FOOTER, at + 20, `codec ${frame.codec}`);
  }
  const asIs = frame.codec !== FrameCodec.stored || frame.storedBytes === frame.plainBytes;
  if (frame.storedBytes === 0 || !asIs) {
    throw new FormatError('bad-value', FOOTER, at + 8, `frame ${i} stored in ${frame.storedBytes} bytes`);
  }
  if (frame.kind < EntryKind.chunk || frame.kind > EntryKind.extents) {
    throw new FormatError('bad-value', FOOTER, at + 22, `entry kind ${frame.kind}`);
  }
}
