/**
 * What the records say (SPEC.md, "Payloads"). Schemas accept unknown fields, so that a later minor writer can add
 * what an older reader may ignore; what it may not ignore is announced by a feature flag in the config.
 */
import * as v from 'valibot';
import { ChunkerParametersSchema } from './chunker-parameters.js';
import { CountSchema, Hex16Schema, Hex32Schema, LabelsSchema, NameSchema, TextSchema } from './names.js';

const FlagsSchema = v.array(v.pipe(v.string(), v.maxLength(64)));

/** `config/<n>`: the highest n is in force. */
export const ConfigSchema = v.object({
  storeId: Hex16Schema,
  createdMs: CountSchema,
  /** Flags that a tool must know to read, to write, to collect. */
  features: v.object({ read: FlagsSchema, write: FlagsSchema, collect: FlagsSchema }),
  hash: v.string(),
  chunker: ChunkerParametersSchema,
  segmentBytes: CountSchema,
  /** What `doppel config set` changes: names to numbers or text. */
  settings: v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
});
export type Config = v.InferOutput<typeof ConfigSchema>;

/** `tags/<H(name)>/<n>`: all that was said about a name's images after their capture. */
export const NameRecordSchema = v.object({
  name: NameSchema,
  /** Tag -> the image it points to (null: taken away) and the name's highest sequence when that was said. */
  tags: v.record(NameSchema, v.object({ image: v.nullable(Hex16Schema), at: CountSchema })),
  /** PubId -> labels that replace those of the manifest. */
  labels: v.record(Hex16Schema, LabelsSchema),
  /** PubIds that rm and prune leave alone. */
  protected: v.array(Hex16Schema),
});
export type NameRecord = v.InferOutput<typeof NameRecordSchema>;

/** `removed/<PubId>.<n>`: odd n marks an image removed, even n is the verdict on mark n-1. */
export const MarkSchema = v.object({
  image: Hex16Schema,
  verdict: v.picklist(['removed', 'restored', 'purged']),
  atMs: CountSchema,
  by: TextSchema,
});
export type Mark = v.InferOutput<typeof MarkSchema>;

/** `leases/<id>`. */
export const LeaseSchema = v.object({
  id: Hex16Schema,
  purpose: v.picklist(['capture', 'read', 'gc', 'serve']),
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

/** `gc/<n>`: what a run did. */
export const GcRecordSchema = v.object({
  lease: Hex16Schema,
  startedMs: CountSchema,
  finishedMs: CountSchema,
  condemned: v.array(Hex32Schema),
  unlinked: v.array(Hex32Schema),
  freedBytes: CountSchema,
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
