/**
 * The footer of a sealed pack (SPEC.md, "Sealed pack"): in two parts, so that who may only write can tell which ids a pack
 * holds, and nothing else of it.
 *
 *   magic "DFOS" | reserved u32 | seal 120 | length of ids part u32 | length of rows part u32 | ids part | rows part
 *
 * Once opened, the two parts say together what the footer of an open pack says, and are decoded as one.
 */
import { FormatError } from './format-error.js';
import type { LeaseId } from './ids.js';
import { toHex } from './ids.js';
import { HASH_BYTES, KIB, PACK_MAX_ENTRIES } from './limits.js';
import { type PackFooter, PackKind } from './pack.js';
import {
  SEALED_FOOTER_FIXED_BYTES as FIXED_BYTES,
  FOOTER_FIXED_BYTES,
  FOOTER_MAGIC,
  FRAME_ROW_BYTES,
  SEALED_IDS_FIXED_BYTES as IDS_FIXED_BYTES,
  SEALED_FOOTER_MAGIC,
  SEALED_ROW_BYTES,
} from './pack-constants.js';
import { pad, unpad } from './padding.js';
import { SEAL_BYTES } from './seal.js';

const STRUCTURE = 'sealed pack footer';
/** Smallest classes of the two parts: what a capture of little news stores most. */
const IDS_SMALLEST = 4 * KIB;
const ROWS_SMALLEST = 2 * KIB;

export interface SealedFooter {
  /** 120 bytes. */
  readonly seal: Uint8Array;
  readonly idsPart: Uint8Array;
  readonly rowsPart: Uint8Array;
}

export function isSealedFooter(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === SEALED_FOOTER_MAGIC;
}

export function encodeSealedFooter({ seal, idsPart, rowsPart }: SealedFooter): Buffer {
  const bytes = Buffer.alloc(FIXED_BYTES + idsPart.length + rowsPart.length);
  bytes.writeUInt32LE(SEALED_FOOTER_MAGIC, 0);
  bytes.set(seal, 8);
  bytes.writeUInt32LE(idsPart.length, 8 + SEAL_BYTES);
  bytes.writeUInt32LE(rowsPart.length, 12 + SEAL_BYTES);
  bytes.set(idsPart, FIXED_BYTES);
  bytes.set(rowsPart, FIXED_BYTES + idsPart.length);
  return bytes;
}

/** @throws FormatError */
export function decodeSealedFooter(bytes: Uint8Array): SealedFooter {
  if (bytes.length < FIXED_BYTES) throw new FormatError('truncated', STRUCTURE, bytes.length, 'no footer');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isSealedFooter(bytes)) throw new FormatError('bad-magic', STRUCTURE, 0, 'not a sealed pack footer');
  if (view.getUint32(4, true) !== 0) throw new FormatError('bad-value', STRUCTURE, 4, 'reserved bytes');
  const idsBytes = view.getUint32(8 + SEAL_BYTES, true);
  const rowsBytes = view.getUint32(12 + SEAL_BYTES, true);
  if (bytes.length !== FIXED_BYTES + idsBytes + rowsBytes)
    throw new FormatError(
      'truncated',
      STRUCTURE,
      bytes.length,
      `parts of ${idsBytes} and ${rowsBytes} bytes`,
    );
  return {
    seal: bytes.subarray(8, 8 + SEAL_BYTES),
    idsPart: bytes.subarray(FIXED_BYTES, FIXED_BYTES + idsBytes),
    rowsPart: bytes.subarray(FIXED_BYTES + idsBytes),
  };
}

/** The two parts of a footer as they are sealed: kind, lease and ids; frame rows and lengths. */
export function splitFooter(
  footer: Uint8Array,
  sealedLengths: readonly number[],
): { readonly ids: Buffer; readonly rows: Buffer } {
  const bytes = Buffer.from(footer.buffer, footer.byteOffset, footer.byteLength);
  const frames = bytes.readUInt32LE(56);
  const entries = bytes.readUInt32LE(60);
  const lengthsAt = FOOTER_FIXED_BYTES + FRAME_ROW_BYTES * frames;
  const idsAt = lengthsAt + 4 * entries;
  const head = Buffer.alloc(IDS_FIXED_BYTES);
  bytes.copy(head, 0, 4, 8);
  bytes.copy(head, 4, 40, 56);
  head.writeUInt32LE(entries, 20);
  const sealed = Buffer.alloc(4 + SEALED_ROW_BYTES * frames);
  sealed.writeUInt32LE(frames, 0);
  sealedLengths.forEach((length, i) => {
    sealed.writeUInt32LE(length, 4 + SEALED_ROW_BYTES * i);
  });
  return {
    ids: pad(Buffer.concat([head, bytes.subarray(idsAt)]), IDS_SMALLEST),
    rows: pad(Buffer.concat([sealed, bytes.subarray(FOOTER_FIXED_BYTES, idsAt)]), ROWS_SMALLEST),
  };
}

/** Of a footer whose rows are not to be had: which ids, under which lease, in a pack of which kind. @throws FormatError */
export function decodeIdsPart(padded: Uint8Array, salt: Uint8Array): PackFooter {
  const bytes = unpad(padded, STRUCTURE);
  const { entries } = idsHead(bytes);
  const kind = bytes.readUInt32LE(0);
  if (kind !== PackKind.data && kind !== PackKind.meta)
    throw new FormatError('bad-value', STRUCTURE, 0, `kind ${kind}`);
  return {
    kind,
    salt,
    lease: toHex(bytes.subarray(4, 20)) as LeaseId,
    frames: [],
    lengths: new Uint32Array(entries),
    ids: bytes.subarray(IDS_FIXED_BYTES),
  };
}

function idsHead(bytes: Buffer): { readonly entries: number } {
  if (bytes.length < IDS_FIXED_BYTES) throw new FormatError('truncated', STRUCTURE, bytes.length, 'no ids');
  const entries = bytes.readUInt32LE(20);
  if (entries === 0) throw new FormatError('bad-value', STRUCTURE, 20, 'a pack without entries');
  if (entries > PACK_MAX_ENTRIES) throw new FormatError('too-large', STRUCTURE, 20, `${entries} entries`);
  if (bytes.length !== IDS_FIXED_BYTES + HASH_BYTES * entries)
    throw new FormatError('truncated', STRUCTURE, bytes.length, `${entries} entries`);
  return { entries };
}

/** The footer that the parts were made from, with the lengths of the sealed frames. @throws FormatError */
export function joinFooter(
  idsPart: Uint8Array,
  rowsPart: Uint8Array,
  salt: Uint8Array,
): { readonly footer: Buffer; readonly sealedLengths: readonly number[] } {
  const ids = unpad(idsPart, STRUCTURE);
  const rows = unpad(rowsPart, STRUCTURE);
  const { entries } = idsHead(ids);
  if (rows.length < 4) throw new FormatError('truncated', STRUCTURE, rows.length, 'no rows');
  const frames = rows.readUInt32LE(0);
  const rowsAt = 4 + SEALED_ROW_BYTES * frames;
  if (rows.length !== rowsAt + FRAME_ROW_BYTES * frames + 4 * entries)
    throw new FormatError('truncated', STRUCTURE, rows.length, `${frames} frames, ${entries} entries`);
  const head = Buffer.alloc(FOOTER_FIXED_BYTES);
  head.writeUInt32LE(FOOTER_MAGIC, 0);
  ids.copy(head, 4, 0, 4);
  head.set(salt, 8);
  ids.copy(head, 40, 4, 20);
  head.writeUInt32LE(frames, 56);
  head.writeUInt32LE(entries, 60);
  const sealedLengths = Array.from({ length: frames }, (_, i) => rows.readUInt32LE(4 + SEALED_ROW_BYTES * i));
  return {
    footer: Buffer.concat([head, rows.subarray(rowsAt), ids.subarray(IDS_FIXED_BYTES)]),
    sealedLengths,
  };
}
