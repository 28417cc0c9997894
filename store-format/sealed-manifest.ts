/**
 * A sealed manifest (SPEC.md, "Sealed manifest"): the same first 56 bytes, then a seal and two parts, header and the rest.
 * Only lengths in classes are in clear. It is read whole: its signature covers all of it.
 *
 *   magic, version, kind with SEALED_BIT | lengths of both parts | reserved | hash of header | seal 120 | parts | slot | hash
 */
import { FormatError } from './format-error.js';
import type { Blake3 } from './ids.js';
import { FORMAT_VERSION, HASH_BYTES, KIB } from './limits.js';
import { MANIFEST_MAGIC, type ManifestParts } from './manifest.js';
import { pad, unpad } from './padding.js';
import { SEALED_BIT } from './record.js';
import { SEAL_BYTES } from './seal.js';
import {
  readSignatureSlot,
  SIGNATURE_SLOT_BYTES,
  type SignatureSlot,
  type Signer,
  writeSignatureSlot,
} from './signature.js';

const STRUCTURE = 'sealed manifest';
const FIXED_BYTES = 24 + HASH_BYTES;
/** Smallest classes: a header of usual length, and the pages of 32 GiB. */
const HEADER_SMALLEST = 8 * KIB;
const BODY_SMALLEST = 4 * KIB;

export interface SealedManifest {
  /** Without SEALED_BIT: tombstones can be told from images without a key. */
  readonly kind: number;
  readonly seal: Uint8Array;
  readonly headerPart: Uint8Array;
  readonly bodyPart: Uint8Array;
}

export interface DecodedSealedManifest extends SealedManifest {
  readonly slot: SignatureSlot;
  readonly covered: Uint8Array;
}

export function isSealedManifest(bytes: Uint8Array): boolean {
  if (bytes.length < 8) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return view.getUint32(0, true) === MANIFEST_MAGIC && (view.getUint16(6, true) & SEALED_BIT) !== 0;
}

/** What the two parts say before they are sealed. */
export function plainParts({ header, pages, attachments, ids }: ManifestParts): {
  readonly header: Buffer;
  readonly body: Buffer;
} {
  const counts = Buffer.alloc(8);
  counts.writeUInt32LE(pages, 0);
  counts.writeUInt32LE(attachments, 4);
  return { header: pad(header, HEADER_SMALLEST), body: pad(Buffer.concat([counts, ids]), BODY_SMALLEST) };
}

/** The inverse of `plainParts`. @throws FormatError */
export function manifestParts(kind: number, headerPart: Uint8Array, bodyPart: Uint8Array): ManifestParts {
  const body = unpad(bodyPart, STRUCTURE);
  if (body.length < 8) throw new FormatError('truncated', STRUCTURE, body.length, 'no counts');
  return {
    kind,
    header: unpad(headerPart, STRUCTURE),
    pages: body.readUInt32LE(0),
    attachments: body.readUInt32LE(4),
    ids: body.subarray(8),
  };
}

export function encodeSealedManifest(
  { kind, seal, headerPart, bodyPart }: SealedManifest,
  blake3: Blake3,
  sign: Signer,
): Buffer {
  const slotAt = FIXED_BYTES + SEAL_BYTES + headerPart.length + bodyPart.length;
  const hashAt = slotAt + SIGNATURE_SLOT_BYTES;
  const bytes = Buffer.alloc(hashAt + HASH_BYTES);
  bytes.writeUInt32LE(MANIFEST_MAGIC, 0);
  bytes.writeUInt16LE(FORMAT_VERSION, 4);
  bytes.writeUInt16LE(kind | SEALED_BIT, 6);
  bytes.writeUInt32LE(headerPart.length, 8);
  bytes.writeUInt32LE(bodyPart.length, 12);
  bytes.set(seal, FIXED_BYTES);
  bytes.set(headerPart, FIXED_BYTES + SEAL_BYTES);
  bytes.set(bodyPart, FIXED_BYTES + SEAL_BYTES + headerPart.length);
  bytes.set(headHash(bytes, headerPart.length, blake3), 24);
  writeSignatureSlot(bytes, slotAt, sign(bytes.subarray(0, slotAt)));
  bytes.set(blake3(bytes.subarray(0, hashAt)), hashAt);
  return bytes;
}

function headHash(bytes: Uint8Array, headerBytes: number, blake3: Blake3): Uint8Array {
  const head = bytes.subarray(FIXED_BYTES, FIXED_BYTES + SEAL_BYTES + headerBytes);
  return blake3(Buffer.concat([bytes.subarray(0, 24), head]));
}

/** @throws FormatError */
export function decodeSealedManifest(bytes: Uint8Array, blake3: Blake3): DecodedSealedManifest {
  const smallest = FIXED_BYTES + SEAL_BYTES + SIGNATURE_SLOT_BYTES + HASH_BYTES;
  if (bytes.length < smallest) throw new FormatError('truncated', STRUCTURE, bytes.length, 'too short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MANIFEST_MAGIC)
    throw new FormatError('bad-magic', STRUCTURE, 0, 'not a manifest');
  const hashAt = bytes.length - HASH_BYTES;
  const isWhole = Buffer.compare(blake3(bytes.subarray(0, hashAt)), bytes.subarray(hashAt)) === 0;
  const version = view.getUint16(4, true);
  if (version !== FORMAT_VERSION && isWhole)
    throw new FormatError('bad-version', STRUCTURE, 4, `format 0.${version}`);
  const headerBytes = view.getUint32(8, true);
  const bodyBytes = view.getUint32(12, true);
  if (bytes.length !== smallest + headerBytes + bodyBytes)
    throw new FormatError(
      'truncated',
      STRUCTURE,
      bytes.length,
      `parts of ${headerBytes} and ${bodyBytes} bytes`,
    );
  if (!isWhole) throw new FormatError('bad-hash', STRUCTURE, hashAt, 'its bytes were changed');
  if (view.getBigUint64(16, true) !== 0n) throw new FormatError('bad-value', STRUCTURE, 16, 'reserved bytes');
  if (Buffer.compare(headHash(bytes, headerBytes, blake3), bytes.subarray(24, FIXED_BYTES)) !== 0)
    throw new FormatError('bad-hash', STRUCTURE, 24, 'its header was changed');
  const kind = view.getUint16(6, true);
  if ((kind & SEALED_BIT) === 0) throw new FormatError('bad-seal', STRUCTURE, 6, 'it is not sealed');
  const headerAt = FIXED_BYTES + SEAL_BYTES;
  const slotAt = hashAt - SIGNATURE_SLOT_BYTES;
  return {
    kind: kind & ~SEALED_BIT,
    seal: bytes.subarray(FIXED_BYTES, headerAt),
    headerPart: bytes.subarray(headerAt, headerAt + headerBytes),
    bodyPart: bytes.subarray(headerAt + headerBytes, slotAt),
    slot: readSignatureSlot(bytes, slotAt, STRUCTURE),
    covered: bytes.subarray(0, slotAt),
  };
}
