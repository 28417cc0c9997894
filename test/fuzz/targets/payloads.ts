/** Records of every kind, manifests and tombstones, and the payloads in them; msgpackr is the oracle of what they say. */
import assert from 'node:assert/strict';
import { Unpackr } from 'msgpackr';
import * as v from 'valibot';
import { blake3 } from '../../../src/hashing/blake3.js';
import {
  AttestationSchema,
  CondemnedSchema,
  ConfigHeadSchema,
  ConfigSchema,
  checkMark,
  DamagedSchema,
  decodeManifest,
  decodeManifestHead,
  decodePayload,
  decodeRecord,
  decodeTombstone,
  encodePayload,
  encodeRecord,
  GcRecordSchema,
  KeySlotSchema,
  LeaseSchema,
  LostSchema,
  MarkSchema,
  NameRecordSchema,
  PinSchema,
  type PubId,
  type RecordKind,
} from '../../../store-format/index.js';
import { hexBlock, jsonBlock } from '../../format/spec-document.js';
import type { Random } from '../../simulation/random.js';
import { mutatePayload } from '../mutate-payload.js';
import { keyedConfigPayload, manifestSeeds, RECORD_SEEDS, tombstoneSeeds } from '../record-seeds.js';
import { sealEnd, sealManifest } from '../seal.js';
import { PAYLOAD_BOUNDS, type Target, target } from '../target.js';
import { formatRejection } from './entries.js';

const common = { rejection: formatRejection, bounds: PAYLOAD_BOUNDS };
const PUB_ID = 'a1b2c3d4e5f60718293a4b5c6d7e8f90' as PubId;
const BROKEN_ID = 'b0b1b2b3b4b5b6b7b8b9babbbcbdbebf' as PubId;
const ARGON2ID = jsonBlock('key-slots').slots[1].kdf;
/** Reads what msgpack has in its own way: another implementation than the one under test. */
const oracle = new Unpackr({ useRecords: false, moreTypes: false, int64AsType: 'number' });

const SCHEMAS: readonly (readonly [name: string, kind: RecordKind, schema: v.GenericSchema])[] = [
  ['config', 'config', ConfigSchema],
  ['config-head', 'config', ConfigHeadSchema],
  ['key', 'key', KeySlotSchema],
  ['name', 'name', NameRecordSchema],
  ['mark', 'mark', MarkSchema],
  ['lease', 'lease', LeaseSchema],
  ['pin', 'pin', PinSchema],
  ['condemned', 'condemned', CondemnedSchema],
  ['gc', 'gc', GcRecordSchema],
  ['lost', 'lost', LostSchema],
  ['damaged', 'damaged', DamagedSchema],
  ['attestation', 'attestation', AttestationSchema],
];

export const PAYLOAD_TARGETS: readonly Target[] = [
  ...SCHEMAS.map(([name, kind, schema]) => recordTarget(name, kind, schema)),
  target({
    ...common,
    name: 'payload',
    share: 5,
    seeds: () => [
      ...Object.values(RECORD_SEEDS).map(({ payload }) => encodePayload(payload)),
      ...manifestSeeds().map(headerOf),
    ],
    mutate: mutatePayload,
    decode: (input) => decodePayload(input, v.any(), 'payload'),
    check: (input, value) => assert.deepEqual(value, oracle.unpack(input)),
  }),
  target({
    ...common,
    name: 'manifest',
    share: 1,
    seeds: manifestSeeds,
    mutate: mutateHeader,
    seal: sealManifest,
    decode: (input) => decodeManifest(input, PUB_ID, blake3),
  }),
  target({
    ...common,
    name: 'manifest-head',
    share: 1,
    seeds: () => [...manifestSeeds(), ...tombstoneSeeds()],
    mutate: mutateHeader,
    seal: sealManifest,
    decode: (input) => decodeManifestHead(input, PUB_ID, blake3),
  }),
  target({
    ...common,
    name: 'tombstone',
    share: 1,
    seeds: tombstoneSeeds,
    mutate: mutateHeader,
    seal: sealManifest,
    decode: (input) => decodeTombstone(input, BROKEN_ID, blake3),
  }),
];

function recordTarget(name: string, kind: RecordKind, schema: v.GenericSchema): Target {
  const { key, payload } = RECORD_SEEDS[kind]!;
  return target({
    ...common,
    name: `record-${name}`,
    share: 1,
    seeds: () => [
      encodeRecord(kind, key, payload, blake3),
      ...(kind === 'name' ? [hexBlock('name-record')] : []),
      ...(kind === 'config' ? [encodeRecord(kind, key, keyedConfigPayload(), blake3)] : []),
      ...(kind === 'key' ? [encodeRecord(kind, key, { ...payload, kdf: ARGON2ID }, blake3)] : []),
    ],
    mutate: mutateRecord,
    seal: sealEnd,
    decode: (input) => {
      const value = decodeRecord(kind, key, input, schema, blake3);
      if (kind === 'mark') checkMark(PUB_ID, 1, value as v.InferOutput<typeof MarkSchema>);
      return value;
    },
  });
}

function mutateRecord(record: Buffer, random: Random): Buffer {
  if (record.length < 16) return record;
  const at = 16 + record.readUInt32LE(8);
  return withPayload(record, 12, at, random);
}

function mutateHeader(manifest: Buffer, random: Random): Buffer {
  return manifest.length < 56 ? manifest : withPayload(manifest, 8, 56, random);
}

/** Another payload in the place of one whose length stands at `lengthAt`. */
function withPayload(bytes: Buffer, lengthAt: number, at: number, random: Random): Buffer {
  const end = at + bytes.readUInt32LE(lengthAt);
  if (end > bytes.length) return bytes;
  const payload = mutatePayload(bytes.subarray(at, end), random);
  const changed = Buffer.concat([bytes.subarray(0, at), payload, bytes.subarray(end)]);
  changed.writeUInt32LE(payload.length, lengthAt);
  return changed;
}

function headerOf(manifest: Buffer): Buffer {
  return manifest.subarray(56, 56 + manifest.readUInt32LE(8));
}
