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
import {
  readSignatureSlot,
  SIGNATURE_SLOT_BYTES,
  SignatureScheme,
  type SignatureSlot,
  type Signer,
  writeSignatureSlot,
} from './signature.js';

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

/** Set in the kind of records and manifests whose payload is sealed. */
export const SEALED_BIT = 0x100;

/** A record's parts as they stand in its bytes. */
export interface RecordEnvelope {
  /** As stored: a number of `RecordKind`, with SEALED_BIT where the payload is sealed. */
  readonly kind: number;
  readonly key: string;
  readonly body: Uint8Array;
}

export function encodeRecord(
  kind: RecordKind,
  key: string,
  payload: unknown,
  blake3: Blake3,
  sign?: Signer,
): Buffer {
  return encodeEnvelope({ kind: RecordKind[kind], key, body: encodePayload(payload) }, blake3, sign);
}

export function encodeEnvelope({ kind, key, body }: RecordEnvelope, blake3: Blake3, sign?: Signer): Buffer {
  const keyBytes = Buffer.from(key, 'latin1');
  const hashAt = FIXED_BYTES + keyBytes.length + body.length + SIGNATURE_SLOT_BYTES;
  if (hashAt + HASH_BYTES > RECORD_MAX_BYTES) throw new TypeError(`Record ${key} would be too large`);
  const bytes = Buffer.allocUnsafe(hashAt + HASH_BYTES);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt16LE(FORMAT_VERSION, 4);
  bytes.writeUInt16LE(kind, 6);
  bytes.writeUInt32LE(keyBytes.length, 8);
  bytes.writeUInt32LE(body.length, 12);
  bytes.set(keyBytes, FIXED_BYTES);
  bytes.set(body, FIXED_BYTES + keyBytes.length);
  const slotAt = hashAt - SIGNATURE_SLOT_BYTES;
  writeSignatureSlot(bytes, slotAt, sign?.(bytes.subarray(0, slotAt)));
  bytes.set(blake3(bytes.subarray(0, hashAt)), hashAt);
  return bytes;
}

export interface DecodedEnvelope extends RecordEnvelope {
  readonly slot: SignatureSlot;
  /** What the signature covers. */
  readonly covered: Uint8Array;
}

/** Everything of a record but what its payload says. @throws FormatError */
export function decodeEnvelope(bytes: Uint8Array, structure: string, blake3: Blake3): DecodedEnvelope {
  const smallest = FIXED_BYTES + SIGNATURE_SLOT_BYTES + HASH_BYTES;
  if (bytes.length < smallest) throw new FormatError('truncated', structure, bytes.length, 'too short');
  if (bytes.length > RECORD_MAX_BYTES)
    throw new FormatError('too-large', structure, 0, `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new FormatError('bad-magic', structure, 0, 'not a record');
  const hashAt = bytes.length - HASH_BYTES;
  const isWhole = Buffer.compare(blake3(bytes.subarray(0, hashAt)), bytes.subarray(hashAt)) === 0;
  const version = view.getUint16(4, true);
  // A flipped bit must not pass for another version: what says so of itself says it under its hash.
  if (version !== FORMAT_VERSION && isWhole)
    throw new FormatError('bad-version', structure, 4, `format 0.${version}`);
  const keyBytes = view.getUint32(8, true);
  const bodyBytes = view.getUint32(12, true);
  if (smallest + keyBytes + bodyBytes !== bytes.length) {
    throw new FormatError('truncated', structure, 8, `expected ${smallest + keyBytes + bodyBytes} bytes`);
  }
  if (!isWhole) throw new FormatError('bad-hash', structure, hashAt, 'its bytes were changed');
  const slotAt = hashAt - SIGNATURE_SLOT_BYTES;
  return {
    kind: view.getUint16(6, true),
    key: Buffer.from(bytes.buffer, bytes.byteOffset + FIXED_BYTES, keyBytes).toString('latin1'),
    body: bytes.subarray(FIXED_BYTES + keyBytes, FIXED_BYTES + keyBytes + bodyBytes),
    slot: readSignatureSlot(bytes, slotAt, structure),
    covered: bytes.subarray(0, slotAt),
  };
}

/** Records that stand in clear in any store, and are signed in one with keys. Whoever has a key looks at signatures. */
const OPEN_KINDS: ReadonlySet<RecordKind> = new Set(['config', 'key']);

/** @throws FormatError */
export function decodeRecord<T>(
  kind: RecordKind,
  key: string,
  bytes: Uint8Array,
  schema: v.GenericSchema<unknown, T>,
  blake3: Blake3,
): T {
  const structure = `${kind} record`;
  const envelope = decodeEnvelope(bytes, structure, blake3);
  if (envelope.kind !== RecordKind[kind])
    throw new FormatError('misplaced', structure, 6, 'a record of another kind');
  if (envelope.key !== key)
    throw new FormatError('misplaced', structure, FIXED_BYTES, `belongs at ${envelope.key}`);
  if (envelope.slot.scheme !== SignatureScheme.none && !OPEN_KINDS.has(kind)) {
    const slotAt = envelope.covered.length;
    throw new FormatError('bad-value', structure, slotAt, 'signed, in a store without keys');
  }
  return decodePayload(envelope.body, schema, structure);
}
