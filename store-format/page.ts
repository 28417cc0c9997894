/**
 * Page: up to 256 rows of a manifest (SPEC.md, "Page"). Row i of page p is segment 256 p + i: the id of its recipe
 * and the BLAKE3 of its plain bytes. Addressed by hash, so versions of a disk share the pages that did not change.
 */
import { hashInDomain, PAGE_DOMAIN } from './domains.js';
import { FormatError } from './format-error.js';
import type { Blake3 } from './ids.js';
import { HASH_BYTES, PAGE_ROWS } from './limits.js';

const MAGIC = 0x45475044; // "DPGE"
const HEADER_BYTES = 8;
const STRUCTURE = 'page';

export interface Page {
  readonly rows: number;
  /** 32 bytes a row. */
  readonly recipeIds: Uint8Array;
  /** 32 bytes a row: BLAKE3 of the segment's plain bytes. */
  readonly segmentDigests: Uint8Array;
}

export function encodePage(page: Page): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + 2 * HASH_BYTES * page.rows);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(page.rows, 4);
  bytes.set(page.recipeIds.subarray(0, HASH_BYTES * page.rows), HEADER_BYTES);
  bytes.set(page.segmentDigests.subarray(0, HASH_BYTES * page.rows), HEADER_BYTES + HASH_BYTES * page.rows);
  return bytes;
}

export function pageId(bytes: Uint8Array, blake3: Blake3): Uint8Array {
  return hashInDomain(blake3, PAGE_DOMAIN, bytes);
}

/** @throws FormatError */
export function decodePage(bytes: Uint8Array): Page {
  if (bytes.length < HEADER_BYTES) throw new FormatError('truncated', STRUCTURE, bytes.length, 'no header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new FormatError('bad-magic', STRUCTURE, 0, 'not a page');
  const rows = view.getUint32(4, true);
  if (rows === 0 || rows > PAGE_ROWS) throw new FormatError('bad-value', STRUCTURE, 4, `${rows} rows`);
  const expected = HEADER_BYTES + 2 * HASH_BYTES * rows;
  if (bytes.length !== expected) {
    throw new FormatError('truncated', STRUCTURE, bytes.length, `expected ${expected} bytes`);
  }
  const middle = HEADER_BYTES + HASH_BYTES * rows;
  return { rows, recipeIds: bytes.subarray(HEADER_BYTES, middle), segmentDigests: bytes.subarray(middle) };
}
