/**
 * Manifest: one image (SPEC.md, "Manifest"). A header with its own length and hash, so that `ls` reads headers only;
 * then the ids of the image's pages; then attachments: other entries that must live as long as the image.
 *
 * A tombstone is a manifest without an image: it breaks the lease whose id is its name, because a key is claimed once.
 */
import { FormatError } from './format-error.js';
import { type Blake3, type ImageId, type PubId, toHex } from './ids.js';
import {
  FORMAT_VERSION,
  HASH_BYTES,
  HEADER_MAX_BYTES,
  MANIFEST_MAX_ATTACHMENTS,
  MANIFEST_MAX_PAGES,
  PAGE_ROWS,
  SEGMENT_BYTES,
} from './limits.js';
import {
  type ManifestHeader,
  ManifestHeaderSchema,
  type Tombstone,
  TombstoneSchema,
} from './manifest-header.js';
import { EntryKind } from './pack.js';
import { decodePayload, encodePayload } from './record.js';
import { checkSignatureSlot, SIGNATURE_SLOT_BYTES, writeSignatureSlot } from './signature.js';

export const MANIFEST_MAGIC = 0x474d4944; // "DIMG"
const FIXED_BYTES = 24 + HASH_BYTES;
const ATTACHMENT_BYTES = 8 + HASH_BYTES;
const STRUCTURE = 'manifest';
export const ManifestKind = { image: 1, tombstone: 2 } as const;

/** One read of this many bytes gets the header of all but extreme manifests. */
export const MANIFEST_HEAD_BYTES = 16 * 1024;

export interface Attachment {
  /** An `EntryKind`, or the number of a kind to come: its holder may be read, but nothing collected beside it. */
  readonly kind: EntryKind | number;
  /** 32 bytes. */
  readonly id: Uint8Array;
}

export interface Manifest {
  readonly header: ManifestHeader;
  /** 32 bytes each; page p covers segments 256 p and on. */
  readonly pageIds: readonly Uint8Array[];
  readonly attachments: readonly Attachment[];
}

/** What stands in `images/`: an image's header, or the tombstone of a broken lease. */
export type ManifestHead =
  | { readonly kind: 'image'; readonly header: ManifestHeader }
  | { readonly kind: 'tombstone'; readonly tombstone: Tombstone };

export function encodeManifest(manifest: Manifest, blake3: Blake3): Buffer {
  return encode(ManifestKind.image, manifest.header, manifest.pageIds, manifest.attachments, blake3);
}

export function encodeTombstone(tombstone: Tombstone, blake3: Blake3): Buffer {
  return encode(ManifestKind.tombstone, tombstone, [], [], blake3);
}

function encode(
  kind: number,
  headerValue: unknown,
  pageIds: readonly Uint8Array[],
  attachments: readonly Attachment[],
  blake3: Blake3,
): Buffer {
  const header = encodePayload(headerValue);
  if (header.length > HEADER_MAX_BYTES || pageIds.length > MANIFEST_MAX_PAGES) {
    throw new TypeError(`Manifest of ${header.length} header bytes and ${pageIds.length} pages is too large`);
  }
  const rows = attachments.map(({ kind, id }) => {
    const row = Buffer.alloc(ATTACHMENT_BYTES);
    row.writeUInt32LE(kind, 0);
    row.set(id, 8);
    return row;
  });
  const parts = {
    kind,
    header,
    pages: pageIds.length,
    attachments: attachments.length,
    ids: Buffer.concat([...pageIds, ...rows]),
  };
  return joinManifest(parts, blake3);
}

/** A manifest or tombstone as columns of bytes: what a seal closes and opens. */
export interface ManifestParts {
  readonly kind: number;
  readonly header: Uint8Array;
  readonly pages: number;
  readonly attachments: number;
  /** Page ids, then attachments. */
  readonly ids: Uint8Array;
}

export function joinManifest(
  { kind, header, pages, attachments, ids }: ManifestParts,
  blake3: Blake3,
): Buffer {
  const slotAt = FIXED_BYTES + header.length + ids.length;
  const hashAt = slotAt + SIGNATURE_SLOT_BYTES;
  const bytes = Buffer.alloc(hashAt + HASH_BYTES);
  bytes.writeUInt32LE(MANIFEST_MAGIC, 0);
  bytes.writeUInt16LE(FORMAT_VERSION, 4);
  bytes.writeUInt16LE(kind, 6);
  bytes.writeUInt32LE(header.length, 8);
  bytes.writeUInt32LE(pages, 12);
  bytes.writeUInt32LE(attachments, 16);
  bytes.set(blake3(Buffer.concat([bytes.subarray(0, 24), header])), 24);
  bytes.set(header, FIXED_BYTES);
  bytes.set(ids, FIXED_BYTES + header.length);
  writeSignatureSlot(bytes, slotAt, undefined);
  bytes.set(blake3(bytes.subarray(0, hashAt)), hashAt);
  return bytes;
}

/** The inverse of `joinManifest`. @throws FormatError */
export function splitManifest(bytes: Uint8Array, blake3: Blake3): ManifestParts {
  const { kind, headerBytes, pages, attachments } = checkWhole(bytes, blake3);
  const idsAt = FIXED_BYTES + headerBytes;
  return {
    kind,
    header: bytes.subarray(FIXED_BYTES, idsAt),
    pages,
    attachments,
    ids: bytes.subarray(idsAt, bytes.length - HASH_BYTES - SIGNATURE_SLOT_BYTES),
  };
}

interface Fixed {
  /** Believed only under a hash that is right: a flipped bit must not pass for another version. */
  readonly version: number;
  readonly kind: number;
  readonly headerBytes: number;
  readonly pages: number;
  readonly attachments: number;
  readonly totalBytes: number;
}

/** Lengths of a manifest from its first 24 bytes, so that a reader knows how much to fetch. @throws FormatError */
function decodeFixed(bytes: Uint8Array): Fixed {
  if (bytes.length < FIXED_BYTES) throw new FormatError('truncated', STRUCTURE, bytes.length, 'no header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MANIFEST_MAGIC)
    throw new FormatError('bad-magic', STRUCTURE, 0, 'not a manifest');
  const version = view.getUint16(4, true);
  const headerBytes = view.getUint32(8, true);
  const pages = view.getUint32(12, true);
  const attachments = view.getUint32(16, true);
  if (
    headerBytes > HEADER_MAX_BYTES ||
    pages > MANIFEST_MAX_PAGES ||
    attachments > MANIFEST_MAX_ATTACHMENTS
  ) {
    throw new FormatError('too-large', STRUCTURE, 8, `${headerBytes} header bytes, ${pages} pages`);
  }
  if (view.getUint32(20, true) !== 0) throw new FormatError('bad-value', STRUCTURE, 20, 'reserved bytes');
  const totalBytes =
    FIXED_BYTES +
    headerBytes +
    HASH_BYTES * pages +
    ATTACHMENT_BYTES * attachments +
    SIGNATURE_SLOT_BYTES +
    HASH_BYTES;
  return { version, kind: view.getUint16(6, true), headerBytes, pages, attachments, totalBytes };
}

/** Bytes from the start that `decodeManifestHead` needs. @throws FormatError */
export function manifestHeadBytes(start: Uint8Array): number {
  return FIXED_BYTES + decodeFixed(start).headerBytes;
}

/** Decodes and checks the header alone. @throws FormatError */
export function decodeManifestHead(bytes: Uint8Array, pubId: PubId, blake3: Blake3): ManifestHead {
  const fixed = decodeFixed(bytes);
  const end = FIXED_BYTES + fixed.headerBytes;
  if (bytes.length < end)
    throw new FormatError('truncated', STRUCTURE, bytes.length, `header ends at ${end}`);
  const header = bytes.subarray(FIXED_BYTES, end);
  const hash = blake3(Buffer.concat([bytes.subarray(0, 24), header]));
  if (Buffer.compare(hash, bytes.subarray(24, FIXED_BYTES)) !== 0) {
    throw new FormatError('bad-hash', STRUCTURE, 24, 'its header was changed');
  }
  if (fixed.version !== FORMAT_VERSION)
    throw new FormatError('bad-version', STRUCTURE, 4, `format 0.${fixed.version}`);
  const head = decodeHeader(fixed.kind, header);
  const own = head.kind === 'image' ? head.header.pubId : head.tombstone.pubId;
  if (own !== pubId) throw new FormatError('misplaced', STRUCTURE, FIXED_BYTES, `belongs at images/${own}`);
  return head;
}

function decodeHeader(kind: number, bytes: Uint8Array): ManifestHead {
  if (kind === ManifestKind.image) {
    return { kind: 'image', header: decodePayload(bytes, ManifestHeaderSchema, STRUCTURE) };
  }
  if (kind === ManifestKind.tombstone) {
    return { kind: 'tombstone', tombstone: decodePayload(bytes, TombstoneSchema, 'tombstone') };
  }
  throw new FormatError('bad-value', STRUCTURE, 6, `kind ${kind}`);
}

/** Decodes and checks all of it. @throws FormatError, also for a tombstone */
export function decodeManifest(bytes: Uint8Array, pubId: PubId, blake3: Blake3): Manifest {
  const head = decodeManifestHead(bytes, pubId, blake3);
  const fixed = checkWhole(bytes, blake3);
  if (head.kind !== 'image') throw new FormatError('bad-value', STRUCTURE, 6, 'a tombstone, not an image');
  const { header } = head;
  if (fixed.pages !== Math.ceil(Math.ceil(header.size / SEGMENT_BYTES) / PAGE_ROWS)) {
    throw new FormatError('bad-value', STRUCTURE, 12, `${fixed.pages} pages for ${header.size} bytes`);
  }
  const pagesAt = FIXED_BYTES + fixed.headerBytes;
  const pageIds = Array.from({ length: fixed.pages }, (_, i) => slice(bytes, pagesAt + HASH_BYTES * i));
  const attachments = decodeAttachments(bytes, pagesAt + HASH_BYTES * fixed.pages, fixed.attachments);
  const { badRanges } = header;
  if (badRanges && !attachments.some((a) => a.kind === EntryKind.extents && toHex(a.id) === badRanges)) {
    throw new FormatError('bad-value', STRUCTURE, FIXED_BYTES, 'badRanges is not attached');
  }
  return { header, pageIds, attachments };
}

/** Decodes and checks all of a tombstone. @throws FormatError, also for an image */
export function decodeTombstone(bytes: Uint8Array, pubId: PubId, blake3: Blake3): Tombstone {
  const head = decodeManifestHead(bytes, pubId, blake3);
  const fixed = checkWhole(bytes, blake3);
  if (head.kind !== 'tombstone')
    throw new FormatError('bad-value', STRUCTURE, 6, 'an image, not a tombstone');
  if (fixed.pages + fixed.attachments > 0)
    throw new FormatError('bad-value', STRUCTURE, 12, 'roots of nothing');
  return head.tombstone;
}

/** Length, hash and signature slot of what stands in `images/`. */
function checkWhole(bytes: Uint8Array, blake3: Blake3): Fixed {
  const fixed = decodeFixed(bytes);
  if (bytes.length !== fixed.totalBytes) {
    throw new FormatError('truncated', STRUCTURE, bytes.length, `expected ${fixed.totalBytes} bytes`);
  }
  const hashAt = bytes.length - HASH_BYTES;
  if (Buffer.compare(blake3(bytes.subarray(0, hashAt)), bytes.subarray(hashAt)) !== 0) {
    throw new FormatError('bad-hash', STRUCTURE, hashAt, 'its bytes were changed');
  }
  checkSignatureSlot(bytes, hashAt - SIGNATURE_SLOT_BYTES, STRUCTURE);
  return fixed;
}

function decodeAttachments(bytes: Uint8Array, at: number, count: number): Attachment[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: count }, (_, i) => {
    const start = at + ATTACHMENT_BYTES * i;
    if (view.getUint32(start + 4, true) !== 0) {
      throw new FormatError('bad-value', STRUCTURE, start + 4, 'reserved bytes');
    }
    return { kind: view.getUint32(start, true), id: slice(bytes, start + 8) };
  });
}

function slice(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.subarray(at, at + HASH_BYTES);
}

export function imageIdOf(header: ManifestHeader): ImageId {
  return header.imageId as ImageId;
}

export function pubIdOf(header: ManifestHeader): PubId {
  return header.pubId as PubId;
}
