/** Extent list: byte ranges of an image, such as the sectors that could not be read (SPEC.md, "Extent list"). */
import { EXTENTS_DOMAIN, hashInDomain } from './domains.js';
import { FormatError } from './format-error.js';
import type { Blake3 } from './ids.js';
import { EXTENTS_MAX } from './limits.js';

const MAGIC = 0x54584544; // "DEXT"
const HEADER_BYTES = 8;
const STRUCTURE = 'extent list';

export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** Ascending and apart: touching extents are one. */
export function encodeExtents(extents: readonly Extent[]): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + 16 * extents.length);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(extents.length, 4);
  extents.forEach(({ offset, length }, i) => {
    bytes.writeBigUInt64LE(BigInt(offset), HEADER_BYTES + 16 * i);
    bytes.writeBigUInt64LE(BigInt(length), HEADER_BYTES + 16 * i + 8);
  });
  return bytes;
}

export function extentsId(bytes: Uint8Array, blake3: Blake3): Uint8Array {
  return hashInDomain(blake3, EXTENTS_DOMAIN, bytes);
}

/** @throws FormatError */
export function decodeExtents(bytes: Uint8Array): Extent[] {
  if (bytes.length < HEADER_BYTES) throw new FormatError('truncated', STRUCTURE, bytes.length, 'no header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC)
    throw new FormatError('bad-magic', STRUCTURE, 0, 'not an extent list');
  const count = view.getUint32(4, true);
  if (count > EXTENTS_MAX) throw new FormatError('too-large', STRUCTURE, 4, `${count} extents`);
  if (bytes.length !== HEADER_BYTES + 16 * count) {
    throw new FormatError(
      'truncated',
      STRUCTURE,
      bytes.length,
      `expected ${HEADER_BYTES + 16 * count} bytes`,
    );
  }
  const extents = new Array<Extent>(count);
  let end = -1;
  for (let i = 0; i < count; i++) {
    const at = HEADER_BYTES + 16 * i;
    const offset = readU64(view, at);
    const length = readU64(view, at + 8);
    if (!Number.isSafeInteger(offset + length) || length === 0 || offset <= end) {
      throw new FormatError('bad-value', STRUCTURE, at, `extent ${offset}+${length}`);
    }
    extents[i] = { offset, length };
    end = offset + length;
  }
  return extents;
}

/** Without a BigInt, of which a full list would make two million. What is beyond 2^53 comes out beyond it. */
function readU64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

/** Adds an extent that starts at or after the end of the last one, as part of it where they touch. */
export function appendExtent(extents: Extent[], extent: Extent): void {
  const last = extents.at(-1);
  if (last !== undefined && last.offset + last.length === extent.offset) {
    extents[extents.length - 1] = { offset: last.offset, length: last.length + extent.length };
  } else {
    extents.push(extent);
  }
}
