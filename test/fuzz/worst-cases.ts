/**
 * Inputs that cost a decoder the most for their length, at any length: the most values in the fewest bytes, the largest
 * structures that limits allow, and claims of much in little. SPEC.md, "Limits" says what they may take.
 */

import * as v from 'valibot';
import { blake3 } from '../../src/hashing/blake3.js';
import {
  ConfigSchema,
  decodeExtents,
  decodeManifest,
  decodePackFooter,
  decodePayload,
  decodeRecipe,
  decodeSealedFooter,
  decodeSealedManifest,
  encodeExtents,
  encodeManifest,
  encodePackFooter,
  encodePayload,
  encodeRecipe,
  encodeSealedFooter,
  encodeSealedManifest,
  FormatError,
  joinFooter,
  type LeaseId,
  NameRecordSchema,
  PinSchema,
  type PubId,
  pad,
  SEALED_PACK_MAX_FRAMES,
  unpad,
} from '../../store-format/index.js';
import { hexBlock, jsonBlock } from '../format/spec-document.js';
import { keyedConfigPayload, RECORD_SEEDS } from './record-seeds.js';

export interface WorstCase {
  readonly name: string;
  readonly kind: 'structure' | 'payload';
  /** Of about that length, or as long as a limit allows. */
  make(bytes: number): Buffer;
  decode(input: Buffer): unknown;
}

/** msgpack: a list of `count` times the same bytes. */
function list(element: string, bytes: number): Buffer {
  const unit = Buffer.from(element, 'hex');
  const count = Math.floor(bytes / unit.length);
  const head = Buffer.of(0xdd, 0, 0, 0, 0);
  head.writeUInt32BE(count, 1);
  return Buffer.concat([head, Buffer.alloc(count * unit.length, unit)]);
}

function payload(
  name: string,
  make: (bytes: number) => Buffer,
  schema: v.GenericSchema = v.any(),
): WorstCase {
  return { name, kind: 'payload', make, decode: (input) => decodePayload(input, schema, 'payload') };
}

/** A map of keys that are all different, each of four letters. */
function manyKeys(bytes: number): Buffer {
  const count = Math.floor(bytes / 6);
  const map = Buffer.alloc(5 + 6 * count);
  map[0] = 0xdf;
  map.writeUInt32BE(count, 1);
  for (let i = 0; i < count; i++) {
    map[5 + 6 * i] = 0xa4;
    map.write((i + 36 ** 3).toString(36).slice(-4).padStart(4, 'a'), 6 + 6 * i);
  }
  return map;
}

const { id, ...pin } = RECORD_SEEDS.pin!.payload as { readonly id: string };
const nameRecord = RECORD_SEEDS.name!.payload;
const header = jsonBlock('manifest').header;

export const WORST_CASES: readonly WorstCase[] = [
  payload('empty maps', (bytes) => list('80', bytes)),
  payload('empty lists', (bytes) => list('90', bytes)),
  payload('lists of one', (bytes) => list('91c0', bytes)),
  payload('maps of one', (bytes) => list('81a161c0', bytes)),
  payload('maps of one number', (bytes) => list('81a13001', bytes)),
  payload('maps of one large number', (bytes) => list('81a43130303001', bytes)),
  payload('floats', (bytes) => list('ca3fc00001', bytes)),
  payload('different keys', manyKeys),
  payload(
    'a list of the wrong type',
    (bytes) => encodePayload({ id, ...pin, images: Array(bytes).fill(null) }),
    PinSchema,
  ),
  payload(
    'a map of the wrong type',
    (bytes) =>
      encodePayload({
        ...nameRecord,
        tags: Object.fromEntries(Array.from({ length: bytes / 8 }, (_, i) => [`t${i}`, null])),
      }),
    NameRecordSchema,
  ),
  payload(
    'a name of combining marks',
    (bytes) => encodePayload({ ...nameRecord, name: `a${'\u0301\u0323'.repeat(bytes / 4)}` }),
    NameRecordSchema,
  ),
  payload('lists that claim what is left', (bytes) =>
    Buffer.concat([...Array.from({ length: 15 }, () => claim(bytes)), Buffer.alloc(bytes)]),
  ),
  {
    name: 'extents',
    kind: 'structure',
    make: (bytes) =>
      encodeExtents(
        Array.from({ length: bytes / 16 }, (_, i) => ({ offset: i * 2 ** 33, length: 2 ** 32 + 1 })),
      ),
    decode: decodeExtents,
  },
  {
    name: 'recipe of chunks of one byte',
    kind: 'structure',
    make: (bytes) => {
      const count = Math.floor(bytes / 36);
      const lengths = new Uint32Array(count).fill(1);
      const segmentLength = count;
      return encodeRecipe(
        { chunker: '0'.repeat(16), segmentLength, holes: [], lengths, ids: Buffer.alloc(32 * count) },
        blake3,
      ).bytes;
    },
    decode: decodeRecipe,
  },
  {
    name: 'footer of frames of one entry',
    kind: 'structure',
    make: (bytes) => {
      const count = Math.min(1024, Math.floor(bytes / 92));
      return encodePackFooter({
        ...{ kind: 1, salt: Buffer.alloc(32), lease: '0'.repeat(32) as LeaseId },
        frames: Array.from({ length: count }, (_, i) => ({
          ...{ offset: 16 + i, storedBytes: 1, plainBytes: 1, entries: 1, codec: 1, kind: 1 },
          hash: Buffer.alloc(32),
        })),
        lengths: new Uint32Array(count).fill(1),
        ids: Buffer.alloc(32 * count),
      });
    },
    decode: (input) => decodePackFooter(input, 2 ** 26),
  },
  {
    name: 'manifest of many pages',
    kind: 'structure',
    make: (bytes) => {
      const pages = Math.min(262_144, Math.floor(bytes / 32));
      const pageIds = Array.from({ length: pages }, () => Buffer.alloc(32));
      return encodeManifest(
        { header: { ...header, size: pages * 2 ** 28 }, pageIds, attachments: [] },
        blake3,
      );
    },
    decode: (input) => decodeManifest(input, header.pubId as PubId, blake3),
  },
  payload('many long grants', manyGrants, ConfigSchema),
  {
    name: 'sealed footer of frames of one entry',
    kind: 'structure',
    make: manyRows,
    decode: (input) => {
      const { idsPart, rowsPart } = decodeSealedFooter(input);
      return joinFooter(idsPart, rowsPart, Buffer.alloc(32));
    },
  },
  {
    name: 'padding alone',
    kind: 'structure',
    make: (bytes) => Buffer.alloc(bytes),
    decode: (input) => unpad(input, 'padding'),
  },
  {
    name: 'sealed manifest of long parts',
    kind: 'structure',
    make: (bytes) => {
      const parts = { headerPart: Buffer.alloc(bytes / 2), bodyPart: Buffer.alloc(bytes / 2) };
      const seal = hexBlock('seal-for-readers');
      const slot = { scheme: 2, keyId: Buffer.alloc(32), signature: Buffer.alloc(64) } as const;
      return encodeSealedManifest({ kind: 1, seal, ...parts }, blake3, () => slot);
    },
    decode: (input) => decodeSealedManifest(input, blake3),
  },
];

/** Under the header of a store with keys: a grant as long as there may be one, over and over. */
function manyGrants(bytes: number): Buffer {
  const config = keyedConfigPayload() as { readonly encryption: object };
  const grant = { access: 'full', publicKey: '0'.repeat(64), sealed: 'ab'.repeat(2 ** 17) };
  const slots = Array.from({ length: Math.max(1, bytes / 2 ** 18) }, (_, i) =>
    i.toString(16).padStart(32, '0'),
  );
  const grants = Object.fromEntries(slots.map((slot) => [slot, grant]));
  return encodePayload({ ...config, encryption: { ...config.encryption, grants } });
}

/** As many frames as a sealed footer may have, of one entry each. */
function manyRows(bytes: number): Buffer {
  const frames = Math.min(SEALED_PACK_MAX_FRAMES, Math.floor(bytes / 92));
  const ids = Buffer.alloc(24 + 32 * frames);
  ids.writeUInt32LE(1, 0);
  ids.writeUInt32LE(frames, 20);
  const rows = Buffer.alloc(4 + 60 * frames + 4 * frames);
  rows.writeUInt32LE(frames, 0);
  const [idsPart, rowsPart] = [pad(ids, 4096), pad(rows, 2048)];
  return encodeSealedFooter({ seal: hexBlock('seal-for-readers'), idsPart, rowsPart });
}

function claim(count: number): Buffer {
  const bytes = Buffer.of(0xdd, 0, 0, 0, 0);
  bytes.writeUInt32BE(count, 1);
  return bytes;
}

/** The value, or undefined where the format refuses it. */
export function decodeOrRefuse({ decode }: WorstCase, input: Buffer): unknown {
  try {
    return decode(input);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
