/**
 * What the records say (SPEC.md, "Payloads"). Schemas accept unknown fields, so that a later minor writer can add
 * what an older reader may ignore; what it may not ignore is announced by a feature flag in the config. Records that
 * are rewritten as n + 1 (config, names) keep the fields their rewriter does not know.
 */
import * as v from 'valibot';
import { ChunkerParametersSchema } from './chunker-parameters-schema.js';
import { EncryptionSchema, HexSchema } from './encryption.js';
import { FormatError } from './format-error.js';
import type { PubId } from './ids.js';
import { markKey } from './keys.js';
import { SEGMENT_BYTES } from './limits.js';
import {
  CountSchema,
  Hex16Schema,
  Hex32Schema,
  LabelsSchema,
  mapOf,
  NameSchema,
  TextSchema,
} from './names.js';
import { PoliciesSchema } from './retention-policy.js';

const FlagsSchema = v.array(v.pipe(v.string(), v.maxLength(64)));

const configHead = {
  storeId: Hex16Schema,
  /** Flags that a tool must know to read, to write, to collect. */
  features: v.object({ read: FlagsSchema, write: FlagsSchema, collect: FlagsSchema }),
};

/** What every version's config has: decoded first, so that unknown flags are named before the rest is judged. */
export const ConfigHeadSchema = v.object(configHead);
export type ConfigHead = v.InferOutput<typeof ConfigHeadSchema>;

const config = {
  ...configHead,
  createdMs: CountSchema,
  hash: v.literal('blake3'),
  chunker: ChunkerParametersSchema,
  segmentBytes: v.literal(SEGMENT_BYTES),
  /** The bound B: a listing shows all that was durable this long ago. Absent: at once. */
  listDelayMs: v.optional(CountSchema),
  /** What `doppel config set` changes: names to numbers or text. */
  settings: mapOf(v.string(), v.union([v.string(), v.number(), v.boolean()])),
  /** Pattern of names -> what a prune keeps of them. */
  policies: v.exactOptional(PoliciesSchema),
  /** Of a store with keys. */
  encryption: v.exactOptional(EncryptionSchema),
  /** Policies, sealed for members: where the store has keys, they stand nowhere else. */
  sealed: v.exactOptional(HexSchema),
};
const ConfigObject = v.object(config);

/** `config/<n>`: the highest n is in force. */
export type Config = v.InferOutput<typeof ConfigObject>;
export const ConfigSchema: v.GenericSchema<unknown, Config> = v.looseObject(config);

const nameRecord = {
  name: NameSchema,
  /** Tag -> the PubId it points to (null: taken away) and the name's highest sequence when that was said. */
  tags: mapOf(NameSchema, v.object({ image: v.nullable(Hex16Schema), at: CountSchema })),
  /** PubId -> labels that replace those of the manifest. */
  labels: mapOf(Hex16Schema, LabelsSchema),
  /** PubIds that rm and prune leave alone. */
  protected: v.array(Hex16Schema),
};
const NameRecordObject = v.object(nameRecord);

/** `tags/<H(name)>/<n>`: all that was said about a name's images after their capture. */
export type NameRecord = v.InferOutput<typeof NameRecordObject>;
export const NameRecordSchema: v.GenericSchema<unknown, NameRecord> = v.looseObject(nameRecord);

/** `removed/<PubId>.<n>`: odd n marks an image removed, even n is the verdict on mark n-1. */
export const MarkSchema = v.object({
  image: Hex16Schema,
  verdict: v.picklist(['removed', 'restored', 'purged']),
  atMs: CountSchema,
  by: TextSchema,
});
export type Mark = v.InferOutput<typeof MarkSchema>;

/** @throws FormatError when the mark says what no mark of that number may say. */
export function checkMark(image: PubId, n: number, mark: Mark): void {
  if (mark.image !== image || (n % 2 === 1) !== (mark.verdict === 'removed')) {
    throw new FormatError('misplaced', 'mark record', 0, `"${mark.verdict}" at ${markKey(image, n)}`);
  }
}

/** `leases/<id>`. */
export const LeaseSchema = v.object({
  id: Hex16Schema,
  /** For people to read: capture, read, serve, gc, scrub, copy, … */
  purpose: v.pipe(v.string(), v.regex(/^[a-z][a-z-]{0,31}$/)),
  /** How to tell whether the holder lives: an OS lock on the object's file (also when absent), or the beat. */
  kept: v.optional(v.picklist(['lock', 'beat'])),
  startedMs: CountSchema,
  host: TextSchema,
  pid: CountSchema,
  command: TextSchema,
  /** PubIds of manifests that are roots as long as the lease lives. */
  images: v.array(Hex16Schema),
  /** Counts up while the holder lives, where the store knows no locks. */
  beat: CountSchema,
});
export type Lease = v.InferOutput<typeof LeaseSchema>;

/** `pins/<id>`: roots without a process. */
export const PinSchema = v.object({
  id: Hex16Schema,
  createdMs: CountSchema,
  reason: TextSchema,
  images: v.array(Hex16Schema),
});
export type Pin = v.InferOutput<typeof PinSchema>;

/** `condemned/<PackId>`: terminal. */
export const CondemnedSchema = v.object({ pack: Hex32Schema, gc: Hex16Schema, atMs: CountSchema });
export type Condemned = v.InferOutput<typeof CondemnedSchema>;

/** `gc/<n>`: a run claims the next number when it starts, and one more when it has finished. */
export const GcRecordSchema = v.object({
  lease: Hex16Schema,
  startedMs: CountSchema,
  /** Absent in the record that a run starts with. */
  finished: v.optional(
    v.object({
      atMs: CountSchema,
      condemnedPacks: CountSchema,
      unlinkedPacks: CountSchema,
      rewrittenBytes: CountSchema,
      freedBytes: CountSchema,
    }),
  ),
});
export type GcRecord = v.InferOutput<typeof GcRecordSchema>;

/** `lost/<id>`: entries that a repair gave up. They excuse only ids that have no readable home. */
export const LostSchema = v.object({
  id: Hex16Schema,
  atMs: CountSchema,
  entries: v.array(v.object({ kind: CountSchema, id: Hex32Schema })),
});
export type Lost = v.InferOutput<typeof LostSchema>;

/** `damaged/<PackId>`: no entry of the pack has a home in it any more. */
export const DamagedSchema = v.object({ pack: Hex32Schema, atMs: CountSchema, reason: TextSchema });
export type Damaged = v.InferOutput<typeof DamagedSchema>;

/** `attested/<id>`: packs whose bytes the holder of that lease read. Immutable packs make it true for good. */
export const AttestationSchema = v.object({
  lease: Hex16Schema,
  atMs: CountSchema,
  /** stored: every byte of the file against its checksum; decoded: every entry decoded and hashed besides. */
  depth: v.picklist(['stored', 'decoded']),
  /** When the scrub began that this is a part of. */
  startedMs: v.optional(CountSchema),
  packs: v.array(Hex32Schema),
});
export type Attestation = v.InferOutput<typeof AttestationSchema>;
