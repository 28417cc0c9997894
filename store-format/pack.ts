/**
 * Pack: an immutable file of frames, with a footer that lists frames and entries (SPEC.md, "Pack").
 *
 *   header 16 | frames | footer | trailer 176
 *
 * The trailer has a fixed size, so one read of the last 640 KiB finds and checks everything but the frames. The
 * pack's name is the BLAKE3 of footer and trailer; a random salt in the footer makes every name new.
 */
import { FormatError } from './format-error.js';
import { type Blake3, type LeaseId, type PackId, toHex } from './ids.js';
import {
  FORMAT_VERSION,
  FRAME_MAX_BYTES,
  HASH_BYTES,
  LEASE_ID_BYTES,
  PACK_MAX_ENTRIES,
  PACK_MAX_FRAMES,
} from './limits.js';
import { checkSignatureSlot, SIGNATURE_SLOT_BYTES, writeEmptySignatureSlot } from './signature.js';

const HEADER_MAGIC = 'DOPLPACK';
const FOOTER_MAGIC = 0x544f4644; // "DFOT"
const TRAILER_MAGIC = 0x4c525444; // "DTRL"
export const PACK_HEADER_BYTES = 16;
const FOOTER_FIXED_BYTES = 64;
const FRAME_ROW_BYTES = 56;
export const PACK_TRAILER_BYTES = 40 + HASH_BYTES + SIGNATURE_SLOT_BYTES;
const FOOTER = 'pack footer';
const TRAILER = 'pack trailer';

export const PackKind = { data: 1, meta: 2 } as const;
export type PackKind = (typeof PackKind)[keyof typeof PackKind];

/** What the entries of a frame are. */
export const EntryKind = { chunk: 1, recipe: 2, page: 3, extents: 4 } as const;
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind];

/** How a frame's stored bytes become its plain bytes. Other numbers are for codecs to come. */
export const FrameCodec = { stored: 0, zstd: 1 } as const;
export type FrameCodec = (typeof FrameCodec)[keyof typeof FrameCodec];

export interface Frame {
  /** Byte offset of the stored bytes in the pack. */
  readonly offset: number;
  readonly storedBytes: number;
  readonly plainBytes: number;
  readonly entries: number;
  readonly codec: FrameCodec;
  readonly kind: EntryKind;
  /** BLAKE3 of the stored bytes. */
  readonly hash: Uint8Array;
}

export interface PackFooter {
  readonly kind: PackKind;
  /** 32 random bytes. */
  readonly salt: Uint8Array;
  /** The lease under which it was written. */
  readonly lease: LeaseId;
  readonly frames: readonly Frame[];
  /** Plain length of each entry, frame by frame, in order. */
  readonly lengths: Uint32Array;
  /** 32 bytes each. */
  readonly ids: Uint8Array;
}

export function encodePackHeader(): Buffer {
  const bytes = Buffer.alloc(PACK_HEADER_BYTES);
  bytes.write(HEADER_MAGIC, 'latin1');
  bytes.writeUInt32LE(FORMAT_VERSION, 8);
  return bytes;
}

export function encodePackFooter(footer: PackFooter): Buffer {
  const { frames, lengths, ids } = footer;
  const bytes = Buffer.alloc(
    FOOTER_FIXED_BYTES + FRAME_ROW_BYTES * frames.length + 4 * lengths.length + ids.length,
  );
  bytes.writeUInt32LE(FOOTER_MAGIC, 0);
  bytes.writeUInt32LE(footer.kind, 4);
  bytes.set(footer.salt, 8);
  bytes.write(footer.lease, 40, LEASE_ID_BYTES, 'hex');
  bytes.writeUInt32LE(frames.length, 56);
  bytes.writeUInt32LE(lengths.length, 60);
  let at = FOOTER_FIXED_BYTES;
  for (const frame of frames) {
    bytes.writeBigUInt64LE(BigInt(frame.offset), at);
    bytes.writeUInt32LE(frame.storedBytes, at + 8);
    bytes.writeUInt32LE(frame.plainBytes, at + 12);
    bytes.writeUInt32LE(frame.entries, at + 16);
    bytes.writeUInt16LE(frame.codec, at + 20);
    bytes.writeUInt16LE(frame.kind, at + 22);
    bytes.set(frame.hash, at + 24);
    at += FRAME_ROW_BYTES;
  }
  for (const length of lengths) at = bytes.writeUInt32LE(length, at);
  bytes.set(ids, at);
  return bytes;
}

/** @param hashBefore BLAKE3 of everything before this field: header, frames, footer and the trailer's first 40 bytes. */
export function encodePackTrailer(start: Buffer, hashBefore: Uint8Array): Buffer {
  const bytes = Buffer.alloc(PACK_TRAILER_BYTES);
  bytes.set(start, 0);
  bytes.set(hashBefore, start.length);
  writeEmptySignatureSlot(bytes, start.length + HASH_BYTES);
  return bytes;
}

/** The trailer up to its hash, which covers these bytes too. */
export function encodePackTrailerStart(footerOffset: number, footerBytes: number): Buffer {
  const bytes = Buffer.alloc(40);
  bytes.writeUInt32LE(TRAILER_MAGIC, 0);
  bytes.writeUInt32LE(FORMAT_VERSION, 4);
  bytes.writeBigUInt64LE(BigInt(footerOffset), 8);
  bytes.writeUInt32LE(footerBytes, 16);
  return bytes;
}

export function packId(footer: Uint8Array, trailer: Uint8Array, blake3: Blake3): PackId {
  return toHex(blake3(Buffer.concat([footer, trailer]))) as PackId;
}

export interface PackTail {
  readonly id: PackId;
  readonly footer: PackFooter;
  /** Byte offset of the footer: the end of the frames. */
  readonly footerOffset: number;
  /** BLAKE3 of every byte before the trailer's hash field. */
  readonly hashBefore: Uint8Array;
  readonly packBytes: number;
}

/**
 * Decodes footer and trailer from a pack's last bytes and checks them against its name.
 *
 * @param tail the last bytes of the pack: all of it, or at least footer and trailer
 * @param packBytes length of the whole pack
 * @throws FormatError
 */
export function decodePackTail(
  tail: Uint8Array,
  packBytes: number,
  expected: PackId,
  blake3: Blake3,
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
  if (footerOffset !== packBytes - PACK_TRAILER_BYTES - footerBytes) {
    throw new FormatError('bad-value', TRAILER, 8, `footer at ${footerOffset} of ${packBytes}`);
  }
  checkSignatureSlot(tail, trailerAt + 40 + HASH_BYTES, TRAILER);
  return {
    id,
    footer: decodePackFooter(tail.subarray(footerAt, trailerAt), footerOffset),
    footerOffset,
    hashBefore: tail.subarray(trailerAt + 40, trailerAt + 40 + HASH_BYTES),
    packBytes,
  };
}

/** @throws FormatError */
export function decodePackFooter(bytes: Uint8Array, footerOffset: number): PackFooter {
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
  if (frameCount > PACK_MAX_FRAMES || entryCount > PACK_MAX_ENTRIES) {
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
  for (let i = 0; i < entryCount; i++) lengths[i] = view.getUint32(lengthsAt + 4 * i, true);
  return {
    kind,
    salt: bytes.subarray(8, 40),
    lease: toHex(bytes.subarray(40, 56)) as LeaseId,
    frames: decodeFrames(view, frameCount, lengths, footerOffset),
    lengths,
    ids: bytes.subarray(idsAt),
  };
}

function decodeFrames(view: DataView, count: number, lengths: Uint32Array, footerOffset: number): Frame[] {
  const frames: Frame[] = [];
  let end = PACK_HEADER_BYTES;
  let entry = 0;
  for (let i = 0; i < count; i++) {
    const at = FOOTER_FIXED_BYTES + FRAME_ROW_BYTES * i;
    const frame: Frame = {
      offset: Number(view.getBigUint64(at, true)),
      storedBytes: view.getUint32(at + 8, true),
      plainBytes: view.getUint32(at + 12, true),
      entries: view.getUint32(at + 16, true),
      codec: view.getUint16(at + 20, true) as FrameCodec,
      kind: view.getUint16(at + 22, true) as EntryKind,
      hash: new Uint8Array(view.buffer, view.byteOffset + at + 24, HASH_BYTES),
    };
    // Frames stand in order; a gap between them is padding and means nothing.
    if (frame.offset < end || frame.offset + frame.storedBytes > footerOffset) {
      throw new FormatError('bad-value', FOOTER, at, `frame ${i} at ${frame.offset}+${frame.storedBytes}`);
    }
    checkFrame(frame, i, at);
    let plain = 0;
    for (let e = 0; e < frame.entries; e++) plain += lengths[entry++] ?? Number.NaN;
    if (plain !== frame.plainBytes) {
      throw new FormatError('bad-value', FOOTER, at + 12, `frame ${i} of ${frame.plainBytes} bytes`);
    }
    end = frame.offset + frame.storedBytes;
    frames.push(frame);
  }
  if (entry !== lengths.length) throw new FormatError('bad-value', FOOTER, 60, 'entries outside all frames');
  return frames;
}

function checkFrame(frame: Frame, i: number, at: number): void {
  if (frame.plainBytes > FRAME_MAX_BYTES) throw new FormatError('too-large', FOOTER, at + 12, `frame ${i}`);
  if (frame.codec > FrameCodec.zstd)
    throw new FormatError('bad-value', FOOTER, at + 20, `codec ${frame.codec}`);
  if (frame.kind < EntryKind.chunk || frame.kind > EntryKind.extents) {
    throw new FormatError('bad-value', FOOTER, at + 22, `entry kind ${frame.kind}`);
  }
}
