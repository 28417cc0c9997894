/**
 * Pack: an immutable file of frames, with a footer that lists frames and entries (SPEC.md, "Pack").
 *
 *   header 16 | frames | footer | trailer 176
 *
 * The trailer has a fixed size, so one read of the last 640 KiB finds and checks everything but the frames. The
 * pack's name is the BLAKE3 of footer and trailer; a random salt in the footer makes every name new. Here: what a pack
 * is, and how it is written; pack-decoder.ts reads it.
 */
import { type Blake3, type LeaseId, type PackId, toHex } from './ids.js';
import { FORMAT_VERSION, LEASE_ID_BYTES } from './limits.js';
import {
  FOOTER_FIXED_BYTES,
  FOOTER_MAGIC,
  FRAME_ROW_BYTES,
  HEADER_MAGIC,
  PACK_HEADER_BYTES,
  PACK_TRAILER_BYTES,
  TRAILER_HASH_AT,
  TRAILER_MAGIC,
  TRAILER_SIGNATURE_AT,
} from './pack-constants.js';
import { type SignatureSlot, writeSignatureSlot } from './signature.js';

export const PackKind = { data: 1, meta: 2 } as const;
export type PackKind = (typeof PackKind)[keyof typeof PackKind];

/** What the entries of a frame are. */
export const EntryKind = { chunk: 1, recipe: 2, page: 3, extents: 4 } as const;
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind];

/** How a frame's stored bytes become its plain bytes. Other numbers are for codecs to come. */
export const FrameCodec = { stored: 0, zstd: 1 } as const;
export type FrameCodec = (typeof FrameCodec)[keyof typeof FrameCodec];

/** How a sealed frame is opened. */
export interface FrameSeal {
  /** Of AES-256-GCM, 32 bytes. */
  readonly key: Uint8Array;
  /** 16 bytes. */
  readonly storeId: Uint8Array;
  readonly salt: Uint8Array;
  /** Number of the frame in its pack. */
  readonly ordinal: number;
  /** What stands in the pack: stored bytes, padding, tag. */
  readonly sealedBytes: number;
}

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
  /** Of a sealed pack: the stored bytes are what comes out when this is opened. */
  readonly seal?: FrameSeal;
}

/** Bytes that a frame takes in its pack. */
export function heldBytes({ storedBytes, seal }: Pick<Frame, 'storedBytes' | 'seal'>): number {
  return seal?.sealedBytes ?? storedBytes;
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
export function encodePackTrailer(start: Buffer, hashBefore: Uint8Array, slot?: SignatureSlot): Buffer {
  const bytes = Buffer.alloc(PACK_TRAILER_BYTES);
  bytes.set(start, 0);
  bytes.set(hashBefore, TRAILER_HASH_AT);
  writeSignatureSlot(bytes, TRAILER_SIGNATURE_AT, slot);
  return bytes;
}

/** What a pack's signature covers: its footer and its trailer up to the slot. */
export function coveredBySignature(footer: Uint8Array, start: Uint8Array, hashBefore: Uint8Array): Buffer {
  return Buffer.concat([footer, start, hashBefore]);
}

/** The trailer up to its hash, which covers these bytes too. */
export function encodePackTrailerStart(footerOffset: number, footerBytes: number): Buffer {
  const bytes = Buffer.alloc(TRAILER_HASH_AT);
  bytes.writeUInt32LE(TRAILER_MAGIC, 0);
  bytes.writeUInt32LE(FORMAT_VERSION, 4);
  bytes.writeBigUInt64LE(BigInt(footerOffset), 8);
  bytes.writeUInt32LE(footerBytes, 16);
  return bytes;
}

export function packId(footer: Uint8Array, trailer: Uint8Array, blake3: Blake3): PackId {
  return toHex(blake3(Buffer.concat([footer, trailer]))) as PackId;
}
