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

/** Stands in seals as u32; 0 is none. */
const GenerationSchema = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 32 - 1));
const MAX_GENERATIONS = 1024;

export const EncryptionSchema = v.pipe(
  v.object({
    scheme: v.literal(1),
    // Ed25519 public key of the owner.
    owner: Hex32Schema,
    // In force: what is written is sealed for this one.
    generation: GenerationSchema,
    // X25519 public keys of all generations.
    dataKeys: v.pipe(
      v.array(v.object({ generation: GenerationSchema, kem: v.literal(1), publicKey: Hex32Schema })),
      v.minLength(1),
      v.maxLength(MAX_GENERATIONS),
    ),
    // Slot id -> its X25519 public key, and a keyring sealed to that.
    grants: mapOf(Hex16Schema, v.object({ access: AccessSchema, publicKey: Hex32Schema, sealed: HexSchema })),
  }),
  v.check(({ dataKeys }) => isEachOnce(dataKeys), 'a generation has one key'),
  v.check(
    ({ generation, dataKeys }) => dataKeys.some((key) => key.generation === generation),
    'the generation in force has no key',
  ),
);
export type Encryption = v.InferOutput<typeof EncryptionSchema>;

/** Slots are read before anybody vouches for them: they may ask for no more memory than this. */
export const KDF_MAX_BYTES = 2 ** 30;
/** Nor for more work: memory times passes of Argon2id, some minutes. */
const ARGON2ID_MAX_KIB_PASSES = 2 ** 22;

const ScryptSchema = v.pipe(
  v.object({
    name: v.literal('scrypt'),
    salt: Hex32Schema,
    n: v.pipe(
      v.number(),
      v.integer(),
      v.minValue(2),
      v.maxValue(2 ** 22),
      v.check((n) => (n & (n - 1)) === 0, 'a power of two'),
    ),
    r: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(32)),
    p: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16)),
  }),
  v.check(({ n, r }) => 128 * n * r <= KDF_MAX_BYTES, 'wants too much memory'),
);
const Argon2idSchema = v.pipe(
  v.object({
    name: v.literal('argon2id'),
    salt: Hex32Schema,
    passes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)),
    memoryKib: v.pipe(v.number(), v.integer(), v.minValue(8), v.maxValue(KDF_MAX_BYTES / 1024)),
    lanes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16)),
  }),
  v.check(({ memoryKib, lanes }) => memoryKib >= 8 * lanes, 'a lane has 8 KiB at least'),
  v.check(({ memoryKib, passes }) => memoryKib * passes <= ARGON2ID_MAX_KIB_PASSES, 'takes too long'),
);
export const KdfSchema = v.variant('name', [ScryptSchema, Argon2idSchema]);
export type Kdf = v.InferOutput<typeof KdfSchema>;

/** `keys/<id>`: a slot that a passphrase opens. Slots of key files have no record. */
export const KeySlotSchema = v.object({
  id: Hex16Schema,
  kdf: KdfSchema,
  /** The slot's secret key and the owner's public key, under the key that the passphrase gives: 80 bytes. */
  sealed: v.pipe(v.string(), v.regex(/^[0-9a-f]{160}$/)),
});
export type KeySlot = v.InferOutput<typeof KeySlotSchema>;

const GenerationKeySchema = v.object({ generation: GenerationSchema, key: Hex32Schema });
const GenerationKeysSchema = v.pipe(
  v.array(GenerationKeySchema),
  v.maxLength(MAX_GENERATIONS),
  v.check((keys) => isEachOnce(keys), 'a generation has one key'),
);

function isEachOnce(keys: readonly { readonly generation: number }[]): boolean {
  return new Set(keys.map(({ generation }) => generation)).size === keys.length;
}

/** Where an image stands in the order of its name. */
export const PlaceInOrderSchema = v.object({
  name: NameSchema,
  sequence: CountSchema,
  createdMs: CountSchema,
  pubId: Hex16Schema,
});
export type PlaceInOrder = v.InferOutput<typeof PlaceInOrderSchema>;

/** Somebody whose signature counts. */
export const WriterSchema = v.object({
  publicKey: Hex32Schema,
  name: NameSchema,
  access: AccessSchema,
  /** Patterns of the image names that it may publish under; all for full access. */
  names: v.array(TextSchema),
  sinceMs: CountSchema,
  /** When its key was changed for another, or its slot removed. */
  untilMs: v.exactOptional(CountSchema),
  /** Of full access, once it has ended: what is sealed for a later generation does not count. */
  untilGeneration: v.exactOptional(CountSchema),
  /** Of write access, once it has ended: its last image of each name. Images behind these do not count; where it is missing, all do. */
  last: v.exactOptional(v.array(PlaceInOrderSchema)),
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
  memberKeys: GenerationKeysSchema,
  /** X25519 secret keys; of full access alone. */
  dataKeys: GenerationKeysSchema,
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
