/**
 * How bytes of a superblock become text: UUIDs, labels and sizes exactly as blkid shows them, so that what `ls` says can
 * be compared with fstab and /dev/disk. Owns escaping: no control character of a disk reaches a terminal or a manifest.
 */

import { MAX_TEXT_LENGTH } from '../../store-format/disk-layout.js';

/** 16 bytes as 8-4-4-4-12 lower-case digits; undefined for the zero UUID, which means "none". */
export function formatUuid(bytes: Buffer): string | undefined {
  if (bytes.every((byte) => byte === 0)) return undefined;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** A FAT serial number (little-endian) as `ABCD-1234`; undefined for zero. */
export function formatFatSerial(bytes: Buffer): string | undefined {
  const serial = bytes.readUInt32LE(0).toString(16).toUpperCase().padStart(8, '0');
  return serial === '00000000' ? undefined : `${serial.slice(0, 4)}-${serial.slice(4)}`;
}

/** Text up to the first NUL, without white space at its end; bytes that are not UTF-8 become `\xe9`. */
export function readText(bytes: Buffer): string | undefined {
  const end = bytes.indexOf(0);
  const text = end < 0 ? bytes : bytes.subarray(0, end);
  let decoded = text.toString('utf8');
  if (decoded.includes('\ufffd')) decoded = decodeLeniently(text);
  return cleanText(decoded);
}

/** The same for UTF-16, as the file systems of Microsoft keep it (little-endian). */
export function readUtf16(bytes: Buffer): string | undefined {
  const text = bytes.subarray(0, bytes.length & ~1).toString('utf16le');
  const end = text.indexOf('\0');
  return cleanText(end < 0 ? text : text.slice(0, end));
}

/** A count of bytes from 64-bit fields; undefined if no disk can be so large. */
export function sizeInBytes(count: bigint, unit: bigint | number = 1n): number | undefined {
  const size = count * BigInt(unit);
  return size > 0n && size <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(size) : undefined;
}

/** Only the fields that have a value: a manifest has no undefined. */
export function known<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

/** At most MAX_TEXT_LENGTH, and no half of a surrogate pair, which msgpack could not give back. */
export function boundText(text: string): string {
  return text.slice(0, MAX_TEXT_LENGTH).replace(/\p{Surrogate}/gu, '\ufffd');
}

function cleanText(text: string): string | undefined {
  const trimmed = text.replace(/[ \t\n\v\f\r]+$/, '');
  if (trimmed === '') return undefined;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
  const printable = trimmed.replace(/[\0-\x1f\x7f-\x9f]/g, (char) => escapeByte(char.charCodeAt(0)));
  return boundText(printable);
}

/** Byte by byte, so that only what is not UTF-8 is escaped. */
function decodeLeniently(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = utf8Length(bytes[at]!);
    const char = bytes.subarray(at, at + length).toString('utf8');
    const valid = length > 0 && char.length <= 2 && !char.includes('\ufffd');
    text += valid ? char : escapeByte(bytes[at]!);
    at += valid ? length : 1;
  }
  return text;
}

function utf8Length(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
}

function escapeByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
