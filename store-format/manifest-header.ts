/** What a manifest's header and a tombstone say (SPEC.md, "Manifest"). Unknown fields are for later writers. */
import * as v from 'valibot';
import { DiskLayoutSchema } from './disk-layout.js';
import { AccessSchema } from './encryption.js';
import { SKETCH_MAX_SAMPLES } from './limits.js';
import {
  CountSchema,
  Hex8Schema,
  Hex16Schema,
  Hex32Schema,
  LabelsSchema,
  NameSchema,
  TextSchema,
} from './names.js';

/** A chunk of an image where one was found: byte offset, length, first 8 bytes of its id. */
export const SketchSampleSchema = v.object({ offset: CountSchema, length: CountSchema, id: Hex8Schema });
export type SketchSample = Readonly<v.InferOutput<typeof SketchSampleSchema>>;

export const ManifestHeaderSchema = v.object({
  /** What users see; kept by copies. */
  imageId: Hex16Schema,
  /** The manifest's own name. */
  pubId: Hex16Schema,
  name: NameSchema,
  /** Counts the captures of a name. */
  sequence: CountSchema,
  /** When the read of the source began and when the image was published. */
  startedMs: CountSchema,
  createdMs: CountSchema,
  size: CountSchema,
  /** BLAKE3(domain, size, segment digests). */
  digest: Hex32Schema,
  sha256: v.optional(Hex32Schema),
  chunker: Hex8Schema,
  tag: v.optional(NameSchema),
  labels: LabelsSchema,
  description: v.optional(TextSchema),
  source: v.object({
    kind: v.picklist(['file', 'device', 'stream']),
    path: TextSchema,
    host: TextSchema,
    model: v.optional(TextSchema),
    serial: v.optional(TextSchema),
    sectorSize: CountSchema,
  }),
  layout: DiskLayoutSchema,
  /** Bytes that could not be read and stand as zeros; the ranges are an attached extent list. */
  badBytes: CountSchema,
  badRanges: v.optional(Hex32Schema),
  stats: v.object({
    zeroBytes: CountSchema,
    sharedBytes: CountSchema,
    newBytes: CountSchema,
    /** What this capture added to the store: packs, footers, manifest. */
    storedBytes: CountSchema,
    chunks: CountSchema,
    newChunks: CountSchema,
  }),
  /** PubId of the image it was predicted from. */
  parent: v.optional(Hex16Schema),
  /** A few chunks to compare other disks with, ascending by offset. */
  sketch: v.optional(v.pipe(v.array(SketchSampleSchema), v.maxLength(SKETCH_MAX_SAMPLES))),
  /** Version of doppel that wrote it. */
  writer: TextSchema,
  /**
   * Of a sealed manifest, once opened: whose signature stood on it, and whether that writer may publish under the name.
   * Never stored.
   */
  signedBy: v.exactOptional(
    v.object({ writer: NameSchema, key: Hex32Schema, access: AccessSchema, allowed: v.boolean() }),
  ),
});
export type ManifestHeader = Readonly<v.InferOutput<typeof ManifestHeaderSchema>>;

export const TombstoneSchema = v.object({
  pubId: Hex16Schema,
  by: Hex16Schema,
  atMs: CountSchema,
  reason: TextSchema,
});
export type Tombstone = Readonly<v.InferOutput<typeof TombstoneSchema>>;
