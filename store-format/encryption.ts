/**
 * What stands in clear in a store with keys so that it can be opened (SPEC.md, "Keys"): who owns it, which keys seal, and
 * what each slot is granted. The config is signed by the owner; each slot knows the owner's key.
 */
import * as v from 'valibot';
import { CountSchema, Hex16Schema, Hex32Schema, mapOf, NameSchema, TextSchema } from './names.js';

export const HexSchema = v.pipe(v.string(), v.maxLength(262_144), v.regex(/^(?:[0-9a-f]{2})*$/));

/** Full: reads and changes everything. Write: adds images under the names it is allowed, and reads none. */
export const AccessSchema = v.picklist(['full', 'write']);
export type Access = v.InferOutput<typeof AccessSchema>;

export const EncryptionSchema = v.object({
  scheme: v.literal(1),
  /** Ed25519 public key of the owner. */
  owner: Hex32Schema,
  /** In force: what is written is sealed for this one. */
  generation: CountSchema,
  /** X25519 public keys of all generations. */
  dataKeys: v.pipe(
    v.array(v.object({ generation: CountSchema, kem: v.literal(1), publicKey: Hex32Schema })),
    v.minLength(1),
    v.maxLength(1024),
  ),
  /** Slot id -> its X25519 public key, and a keyring sealed to that. */
  grants: mapOf(Hex16Schema, v.object({ access: AccessSchema, publicKey: Hex32Schema, sealed: HexSchema })),
});
export type Encryption = v.InferOutput<typeof EncryptionSchema>;

const ScryptSchema = v.object({
  name: v.literal('scrypt'),
  salt: Hex32Schema,
  /** A power of two; memory is 128 n r bytes. */
  n: v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(2 ** 22)),
  r: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(32)),
  p: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16)),
});
const Argon2idSchema = v.object({
  name: v.literal('argon2id'),
  salt: Hex32Schema,
  passes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)),
  memoryKib: v.pipe(v.number(), v.integer(), v.minValue(8), v.maxValue(2 ** 21)),
  lanes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16)),
});
export const KdfSchema = v.variant('name', [ScryptSchema, Argon2idSchema]);
export type Kdf = v.InferOutput<typeof KdfSchema>;

/** `keys/<id>`: a slot that a passphrase opens. Slots of key files have no record. */
export const KeySlotSchema = v.object({
  id: Hex16Schema,
  kdf: KdfSchema,
  /** The slot's secret key and the owner's public key, under the key that the passphrase gives. */
  sealed: HexSchema,
});
export type KeySlot = v.InferOutput<typeof KeySlotSchema>;

const GenerationKeySchema = v.object({ generation: CountSchema, key: Hex32Schema });

/** Somebody whose signature counts. */
export const WriterSchema = v.object({
  publicKey: Hex32Schema,
  name: NameSchema,
  access: AccessSchema,
  /** Patterns of the image names that it may publish under; all for full access. */
  names: v.array(TextSchema),
  sinceMs: CountSchema,
  /** What it signs since then does not count. */
  untilMs: v.exactOptional(CountSchema),
});
export type Writer = v.InferOutput<typeof WriterSchema>;

/** What people say of a slot. */
export const SlotNoteSchema = v.object({
  id: Hex16Schema,
  label: TextSchema,
  kind: v.picklist(['passphrase', 'file']),
  createdMs: CountSchema,
});
export type SlotNote = v.InferOutput<typeof SlotNoteSchema>;

/** The keyring that a grant seals. */
export const KeyringSchema = v.object({
  access: AccessSchema,
  /** PRF key of all ids, and of the gear table: lives as long as the store. */
  idKey: Hex32Schema,
  memberKeys: v.array(GenerationKeySchema),
  /** X25519 secret keys; of full access alone. */
  dataKeys: v.array(GenerationKeySchema),
  /** Ed25519 seed of the owner; of full access alone. */
  ownerSeed: v.exactOptional(Hex32Schema),
  /** Ed25519 seed of this slot's writer, and its name. */
  writerSeed: Hex32Schema,
  writer: NameSchema,
  /** Whose signatures count: all writers for full access; itself and those of full access for the others. */
  writers: v.array(WriterSchema),
  slots: v.array(SlotNoteSchema),
});
export type KeyringPayload = v.InferOutput<typeof KeyringSchema>;
