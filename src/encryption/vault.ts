/**
 * What seals and opens the objects of a store with keys, and signs and judges them (SPEC.md, "Sealing"). It knows bytes
 * and keys; which object is sealed how, `sealed-store.ts` and the pack writer say.
 */
import {
  associatedData,
  type Blake3,
  decodeSeal,
  encodeSeal,
  type FooterOpener,
  FormatError,
  fromHex,
  KEY_BYTES,
  Kem,
  nonceOf,
  type OpenedFooter,
  SEAL_BYTES,
  type SealedFooter,
  SealedPart,
  SignatureScheme,
  type SignatureSlot,
  type Signer,
  toHex,
  WRAPPED_KEY_BYTES,
  type Writer,
} from '../../store-format/index.js';
import { blake3 } from '../hashing/blake3.js';
import { keyedEntryHash, keyedHash } from '../hashing/keyed-ids.js';
import {
  agree,
  agreementPublicKey,
  createSigner,
  decrypt,
  decryptUnchecked,
  deriveKey,
  encrypt,
  isSignedBy,
  signingPublicKey,
} from './ciphers.js';
import { entryKeyOf, type Keyring, keyOf, maskKeyOf } from './keyring.js';

/** One object's key, with what its parts are bound to. */
export interface OpenSeal {
  /** The 120 bytes that stand before the sealed ones. */
  readonly bytes: Uint8Array;
  readonly salt: Uint8Array;
  readonly objectKey: Uint8Array;
}

const FRAMES = 'doppel frames';
const SIGNED = 'doppel signature';

export class Vault implements FooterOpener {
  /** How entries of this store are hashed. */
  readonly entryHash: Blake3;
  readonly #entryKey: Buffer;
  readonly #maskHash: Blake3;
  readonly #signAsWriter: (message: Uint8Array) => Buffer;
  readonly #writerKey: Buffer;
  readonly #writers: ReadonlyMap<string, Writer>;

  constructor(
    readonly keyring: Keyring,
    private readonly random: (bytes: number) => Uint8Array,
  ) {
    this.#entryKey = entryKeyOf(keyring);
    this.entryHash = keyedEntryHash(this.#entryKey);
    this.#maskHash = keyedHash(maskKeyOf(keyring));
    this.#signAsWriter = createSigner(keyring.writerSeed);
    this.#writerKey = signingPublicKey(keyring.writerSeed);
    this.#writers = new Map(keyring.writers.map((writer) => [writer.publicKey, writer]));
  }

  get entryKey(): Uint8Array {
    return this.#entryKey;
  }

  /** Whether this keyring opens what is sealed for readers. */
  get canRead(): boolean {
    return this.keyring.access === 'full';
  }

  /** Draws a salt, and a key that those who are meant can get. */
  seal(kem: Kem): OpenSeal {
    const { generation, memberKeys, publicKeys } = this.keyring;
    const salt = Buffer.from(this.random(32));
    if (kem === Kem.members) {
      const none = { ephemeral: Buffer.alloc(KEY_BYTES), wrapped: Buffer.alloc(WRAPPED_KEY_BYTES) };
      const objectKey = memberObjectKey(keyOf(memberKeys, generation)!, salt);
      return { bytes: encodeSeal({ kem, generation, salt, ...none }), salt, objectKey };
    }
    const objectKey = Buffer.from(this.random(KEY_BYTES));
    const secret = this.random(KEY_BYTES);
    const publicKey = keyOf(publicKeys, generation)!;
    const ephemeral = agreementPublicKey(secret);
    const wrapKey = wrapKeyOf(agree(secret, publicKey)!, salt, ephemeral, publicKey);
    const wrapped = encrypt(wrapKey, WRAP_NONCE, this.#associated(salt, SealedPart.key, 0), objectKey);
    return { bytes: encodeSeal({ kem, generation, salt, ephemeral, wrapped }), salt, objectKey };
  }

  /**
   * @param kem who such an object is sealed for
   * @throws FormatError when it is not for this keyring, or was changed
   */
  openSeal(bytes: Uint8Array, kem: Kem): OpenSeal {
    const seal = decodeSeal(bytes);
    if (seal.kem !== kem)
      throw new FormatError('bad-seal', 'seal', 2, 'it is sealed for others than it is for');
    const { generation, salt, ephemeral, wrapped } = seal;
    const opened = { bytes: bytes.subarray(0, SEAL_BYTES), salt };
    if (seal.kem === Kem.members) {
      const memberKey = keyOf(this.keyring.memberKeys, generation);
      if (memberKey === undefined) throw noKey(generation);
      return { ...opened, objectKey: memberObjectKey(memberKey, salt) };
    }
    const secret = keyOf(this.keyring.dataKeys, generation);
    if (secret === undefined) throw noKey(generation);
    const shared = agree(secret, ephemeral);
    const wrapKey = shared && wrapKeyOf(shared, salt, ephemeral, agreementPublicKey(secret));
    const associated = this.#associated(salt, SealedPart.key, 0);
    const objectKey = wrapKey && decrypt(wrapKey, WRAP_NONCE, associated, wrapped);
    if (objectKey === undefined) throw unopened('seal', 40);
    return { ...opened, objectKey };
  }

  /** @param key of the object, where its name does not follow from its bytes */
  sealPart({ salt, objectKey }: OpenSeal, part: SealedPart, plain: Uint8Array, key = ''): Buffer {
    return encrypt(objectKey, nonceOf(part, 0), this.#associated(salt, part, 0, key), plain);
  }

  /** @throws FormatError */
  openPart({ salt, objectKey }: OpenSeal, part: SealedPart, sealed: Uint8Array, key = ''): Buffer {
    const plain = decrypt(objectKey, nonceOf(part, 0), this.#associated(salt, part, 0, key), sealed);
    if (plain === undefined) throw unopened('sealed part', 0);
    return plain;
  }

  /** What a sealed pack's ids are sealed with, beside the pack's own key: members may read them. */
  idsSeal({ bytes, salt }: OpenSeal): OpenSeal {
    return { bytes, salt, objectKey: deriveKey(this.#memberKeyOf(bytes), salt, 'doppel pack ids') };
  }

  /**
   * Frames have a key of their own, so that threads need not know the pack's. Only members can make it, though anybody
   * can seal for readers: frames are believed without the footer's signature where a footer is damaged.
   */
  frameKeyOf({ bytes, objectKey, salt }: OpenSeal): Buffer {
    return deriveKey(Buffer.concat([objectKey, this.#memberKeyOf(bytes)]), salt, FRAMES);
  }

  /** The sealed part as it would open were its tag right: proposals, of which nothing is believed. */
  guessPart({ objectKey }: OpenSeal, part: SealedPart, sealed: Uint8Array): Buffer {
    return decryptUnchecked(objectKey, nonceOf(part, 0), sealed);
  }

  #memberKeyOf(seal: Uint8Array): Uint8Array {
    const { generation } = decodeSeal(seal);
    const memberKey = keyOf(this.keyring.memberKeys, generation);
    if (memberKey === undefined) throw noKey(generation);
    return memberKey;
  }

  /** @throws FormatError */
  openFooter(footer: SealedFooter, slot: SignatureSlot, covered: Uint8Array): OpenedFooter {
    const signer = this.#packSigner(slot, covered);
    const { salt } = decodeSeal(footer.seal);
    const members = this.idsSeal({ bytes: footer.seal, salt, objectKey: salt });
    const idsPart = this.openPart(members, SealedPart.packIds, footer.idsPart);
    const opened = { idsPart, salt, storeId: this.keyring.storeId, signer };
    if (!this.canRead) return opened;
    const seal = this.openSeal(footer.seal, Kem.readers);
    const part = this.openPart(seal, SealedPart.packRows, footer.rowsPart);
    return { ...opened, rows: { part, frameKey: this.frameKeyOf(seal) } };
  }

  /** Signs as this keyring's writer; only members can tell who that is. */
  readonly sign: Signer = (covered) => {
    const hash = this.#signedHash(covered);
    return {
      scheme: SignatureScheme.masked,
      keyId: xor(this.#writerKey, this.#maskHash(hash)),
      signature: this.#signAsWriter(hash),
    };
  };

  /** Signs as the owner, for all to see. @throws Error without full access */
  readonly signAsOwner: Signer = (covered) => {
    const { ownerSeed, owner } = this.keyring;
    if (ownerSeed === undefined) throw new TypeError('Only full access signs as the owner');
    return ownerSignature(ownerSeed, owner, this.keyring.storeId)(covered);
  };

  /** Whose signature it is. @throws FormatError when it is nobody's that counts */
  requireSigner(slot: SignatureSlot, covered: Uint8Array, structure: string): Writer {
    const writer = this.writerOf(this.#signerKey(slot, covered, structure));
    if (writer !== undefined) return writer;
    throw new FormatError(
      'unknown-key',
      structure,
      covered.length,
      'nobody signed it whose signature counts',
    );
  }

  /** @param publicKey 64 hex digits. @returns undefined for one that this keyring does not know */
  writerOf(publicKey: string): Writer | undefined {
    return this.#writers.get(publicKey);
  }

  /** Who may only write knows no others of that kind, and must be able to tell which ids their packs claim to hold. */
  #packSigner(slot: SignatureSlot, covered: Uint8Array): string {
    const structure = 'sealed pack footer';
    return this.canRead
      ? this.requireSigner(slot, covered, structure).publicKey
      : this.#signerKey(slot, covered, structure);
  }

  /** @returns the public key that the signature is right for, whoever has it. @throws FormatError */
  #signerKey(slot: SignatureSlot, covered: Uint8Array, structure: string): string {
    const hash = this.#signedHash(covered);
    if (slot.scheme !== SignatureScheme.masked)
      throw new FormatError('bad-seal', structure, covered.length, 'nobody signed it whose signature counts');
    const keyId = xor(slot.keyId, this.#maskHash(hash));
    if (!isSignedBy(keyId, hash, slot.signature))
      throw new FormatError('bad-seal', structure, covered.length, 'its signature is wrong');
    return toHex(keyId);
  }

  /** @throws FormatError when the owner did not sign it */
  requireOwner(slot: SignatureSlot, covered: Uint8Array, structure: string): void {
    requireOwner(this.keyring, slot, covered, structure);
  }

  #signedHash(covered: Uint8Array): Uint8Array {
    return signedHash(this.keyring.storeId, covered);
  }

  #associated(salt: Uint8Array, part: SealedPart, ordinal: number, key?: string): Buffer {
    return associatedData(this.keyring.storeId, salt, part, ordinal, key);
  }
}

const WRAP_NONCE = nonceOf(SealedPart.key, 0); // a key for each object

function memberObjectKey(memberKey: Uint8Array, salt: Uint8Array): Buffer {
  return deriveKey(memberKey, salt, 'doppel member object');
}

function wrapKeyOf(
  shared: Uint8Array,
  salt: Uint8Array,
  ephemeral: Uint8Array,
  publicKey: Uint8Array,
): Buffer {
  return deriveKey(shared, salt, 'doppel wrap', Buffer.concat([ephemeral, publicKey]));
}

/** What is signed: 32 bytes that follow from the store and all that the signature covers. */
function signedHash(storeId: Uint8Array, covered: Uint8Array): Uint8Array {
  return blake3(Buffer.concat([Buffer.from(SIGNED, 'latin1'), storeId, blake3(covered)]));
}

/** @param owner public key, 64 hex digits */
export function ownerSignature(ownerSeed: Uint8Array, owner: string, storeId: Uint8Array): Signer {
  const sign = createSigner(ownerSeed);
  return (covered) => ({
    scheme: SignatureScheme.open,
    keyId: fromHex(owner),
    signature: sign(signedHash(storeId, covered)),
  });
}

/** @throws FormatError */
export function requireOwner(
  { owner, storeId }: Pick<Keyring, 'owner' | 'storeId'>,
  slot: SignatureSlot,
  covered: Uint8Array,
  structure: string,
): void {
  const isOwners = slot.scheme === SignatureScheme.open && toHex(slot.keyId) === owner;
  if (!isOwners || !isSignedBy(slot.keyId, signedHash(storeId, covered), slot.signature))
    throw new FormatError('bad-seal', structure, covered.length, "it does not have the owner's signature");
}

function xor(a: Uint8Array, b: Uint8Array): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ b[i]!));
}

function noKey(generation: number): FormatError {
  return new FormatError('unknown-key', 'seal', 4, `no key of generation ${generation} is at hand`);
}

function unopened(structure: string, offset: number): FormatError {
  return new FormatError(
    'bad-seal',
    structure,
    offset,
    'it does not open: it was changed, or put where it does not belong',
  );
}
