/**
 * Record: the envelope of everything small that is not a manifest (SPEC.md, "Record"): config, tags, marks, leases,
 * pins, and what gc and scrub note. The payload is msgpack, hashed as stored and never re-encoded; the key of the
 * object stands inside, so that a record moved to another key is found out.
 */
import { Packr } from 'msgpackr';
import * as v from 'valibot';
import { FormatError } from './format-error.js';
import type { Blake3 } from './ids.js';
import { FORMAT_VERSION, HASH_BYTES, RECORD_MAX_BYTES } from './limits.js';
import { decodePlainMsgpack } from './plain-msgpack.js';
import { checkSignatureSlot, SIGNATURE_SLOT_BYTES, writeEmptySignatureSlot } from './signature.js';

const MAGIC = 0x43455244; // "DREC"
const FIXED_BYTES = 16;

/** Plain msgpack: maps as maps, no extensions of msgpackr's own; a field that is undefined is left out. */
const packrOptions = {
  useRecords: false,
  moreTypes: false,
  variableMapSize: true,
  skipValues: [undefined],
};
const packr = new Packr(packrOptions);

export const RecordKind = {
  config: 1,
  key: 2,
  name: 3,
  mark: 4,
  lease: 5,
  pin: 6,
  condemned: 7,
  gc: 8,
  lost: 9,
  damaged: 10,
  attestation: 11,
} as const;
export type RecordKind = keyof typeof RecordKind;

export function encodePayload(value: unknown): Buffer {
  return packr.pack(value);
}

/** @throws FormatError when the bytes are not plain msgpack of the shape that `schema` describes. */
export function decodePayload<T>(
  bytes: Uint8Array,
  schema: v.GenericSchema<unknown, T>,
  structure: string,
): T {
  // The first issue is told; to gather one for each element of a long list takes 640 bytes for each of its bytes.
  const result = v.safeParse(schema, decodePlainMsgpack(bytes, structure), { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    throw new FormatError('bad-value', structure, 0, `${v.getDotPath(issue) ?? 'payload'}: ${issue.message}`);
  }
  return result.output;
}

export function encodeRecord(kind: RecordKind, key: string, payload: unknown, blake3: Blake3): Buffer {
  const keyBytes = Buffer.from(key, 'latin1');
  const body = encodePayload(payload);
  const hashAt = FIXED_BYTES + keyBytes.length + body.length + SIGNATURE_SLOT_BYTES;
  if (hashAt + HASH_BYTES > RECORD_MAX_BYTES) throw new TypeError(`Record ${key} would be too large`);
  const bytes = Buffer.allocUnsafe(hashAt + HASH_BYTES);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt16LE(FORMAT_VERSION, 4);
  bytes.writeUInt16LE(RecordKind[kind], 6);
  bytes.writeUInt32LE(keyBytes.length, 8);
  bytes.writeUInt32LE(body.length, 12);
  bytes.set(keyBytes, FIXED_BYTES);
  bytes.set(body, FIXED_BYTES + keyBytes.length);
  writeEmptySignatureSlot(bytes, hashAt - SIGNATURE_SLOT_BYTES);
  bytes.set(blake3(bytes.subarray(0, hashAt)), hashAt);
  return bytes;
}

/** @throws FormatError */
export function decodeRecord<T>(
  kind: RecordKind,
  key: string,
  bytes: Uint8Array,
  schema: v.GenericSchema<unknown, T>,
  blake3: Blake3,
): T {
  const structure = `${kind} record`;
  const smallest = FIXED_BYTES + SIGNATURE_SLOT_BYTES + HASH_BYTES;
  if (bytes.length < smallest) throw new FormatError('truncated', structure, bytes.length, 'too short');
  if (bytes.length > RECORD_MAX_BYTES)
    throw new FormatError('too-large', structure, 0, `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new FormatError('bad-magic', structure, 0, 'not a record');
  const hashAt = bytes.length - HASH_BYTES;
  const isSealed = Buffer.compare(blake3(bytes.subarray(0, hashAt)), bytes.subarray(hashAt)) === 0;
  const version = view.getUint16(4, true);
  // A flipped bit must not pass for another version: what says so of itself says it under its hash.
  if (version !== FORMAT_VERSION && isSealed)
    throw new FormatError('bad-version', structure, 4, `format 0.${version}`);
  const keyBytes = view.getUint32(8, true);
  const bodyBytes = view.getUint32(12, true);
  if (smallest + keyBytes + bodyBytes !== bytes.length) {
    throw new FormatError('truncated', structure, 8, `expected ${smallest + keyBytes + bodyBytes} bytes`);
  }
  if (!isSealed) throw new FormatError('bad-hash', structure, hashAt, 'its bytes were changed');
  if (view.getUint16(6, true) !== RecordKind[kind]) {
    throw new FormatError('misplaced', structure, 6, 'a record of another kind');
  }
  const ownKey = Buffer.from(bytes.buffer, bytes.byteOffset + FIXED_BYTES, keyBytes).toString('latin1');
  if (ownKey !== key) throw new FormatError('misplaced', structure, FIXED_BYTES, `belongs at ${ownKey}`);
  checkSignatureSlot(bytes, hashAt - SIGNATURE_SLOT_BYTES, structure);
  return decodePayload(
    bytes.subarray(FIXED_BYTES + keyBytes, FIXED_BYTES + keyBytes + bodyBytes),
    schema,
    structure,
  );
}
