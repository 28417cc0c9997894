/**
 * A store's objects as they are where a store has no keys, over a place that holds them sealed and signed (SPEC.md,
 * "Sealed objects"). Whoever works with records and manifests need not know that there are keys. Packs go through as they
 * stand: they are read in parts, and by threads, so the pack rooms open them with the vault.
 *
 *   config, keys     in clear, signed by the owner; what names images in a config is sealed inside
 *   images           sealed for readers; tombstones for members
 *   other records    see RECORDS
 */
import {
  decodeEnvelope,
  decodeSeal,
  decodeSealedManifest,
  encodeEnvelope,
  encodeSealedManifest,
  FormatError,
  HASH_BYTES,
  joinManifest,
  Kem,
  ManifestKind,
  manifestParts,
  nameKeyInSealedStore,
  type PubId,
  pad,
  plainParts,
  RecordKind,
  readSignatureSlot,
  SEAL_BYTES,
  SEALED_BIT,
  SealedPart,
  SIGNATURE_SLOT_BYTES,
  splitManifest,
  unpad,
} from '../../store-format/index.js';
import { nameKeyOf } from '../encryption/keyring.js';
import type { Vault } from '../encryption/vault.js';
import { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import { keyedHash } from '../hashing/keyed-ids.js';
import { keyForbids } from './key-forbids.js';
import { checkKeySlot } from './key-slot.js';
import type { RecordSource } from './numbered-records.js';
import type { ByteRange, Claim, Fetched, Hold, ObjectStore, Temporaries, Upload } from './object-store.js';
import { closeConfig, openConfig } from './sealed-config.js';
import { SeenObjects } from './seen-objects.js';
import { signedBy } from './signed-by.js';
import { unusable } from './unusable.js';

/** Smallest class of a record's payload. */
const RECORD_SMALLEST = 512;

/** Who can open which record, and whose signature it needs. Members are all with a key; readers those with full access. */
const RECORDS: Readonly<Record<number, { readonly kem: Kem; readonly by: 'anybody' | 'full' }>> = {
  [RecordKind.name]: { kem: Kem.readers, by: 'full' },
  [RecordKind.mark]: { kem: Kem.members, by: 'full' },
  [RecordKind.lease]: { kem: Kem.readers, by: 'anybody' },
  [RecordKind.pin]: { kem: Kem.readers, by: 'full' },
  [RecordKind.condemned]: { kem: Kem.members, by: 'full' },
  [RecordKind.gc]: { kem: Kem.members, by: 'full' },
  [RecordKind.lost]: { kem: Kem.readers, by: 'full' },
  [RecordKind.damaged]: { kem: Kem.members, by: 'full' },
  [RecordKind.attestation]: { kem: Kem.members, by: 'full' },
};

export class SealedStore implements ObjectStore {
  readonly location: string;
  readonly readOnly: boolean;
  readonly temporaries?: () => Promise<Temporaries>;
  readonly freeBytes?: () => Promise<number>;
  readonly localPath?: (key: string) => string;
  readonly #nameHash: (bytes: Uint8Array) => Uint8Array;
  readonly #seen: SeenObjects;
  /** What was claimed and not answered. Sealed again it has other bytes: only these tell who claims the key anew that it won. */
  readonly #unanswered = new Map<string, readonly { readonly sealed: Buffer; readonly plain: Buffer }[]>();

  /** @param seenImages what the client remembers */
  constructor(
    /** The place, with its objects as they stand there. */
    readonly inner: ObjectStore,
    readonly vault: Vault,
    seenImages: () => Promise<readonly PubId[]> = async () => [],
  ) {
    this.#seen = new SeenObjects(inner, seenImages);
    this.location = inner.location;
    this.readOnly = inner.readOnly;
    if (inner.temporaries) this.temporaries = () => inner.temporaries!();
    if (inner.freeBytes) this.freeBytes = () => inner.freeBytes!();
    if (inner.localPath) this.localPath = (key) => inner.localPath!(this.#placeOf(key));
    this.#nameHash = keyedHash(nameKeyOf(vault.keyring));
  }

  /** Under the keys that they have there: those of images and packs are the same. */
  get asSealed(): ObjectStore {
    return this.inner;
  }

  /** What was fetched of the place, opened: for configs, of which those that were judged must be those that are used. */
  opened(fetched: RecordSource): RecordSource {
    return {
      location: fetched.location,
      list: (folder) => fetched.list(folder),
      get: async (key) => whole(this.#open(key, (await fetched.get(key)).bytes)),
    };
  }

  async get(key: string, range?: ByteRange): Promise<Fetched> {
    if (key.startsWith('packs/')) return this.inner.get(key, range);
    const { bytes } = await this.inner.get(this.#placeOf(key));
    const plain = this.#open(key, bytes);
    return { bytes: plain.subarray(...bounds(plain.length, range)), size: plain.length };
  }

  size(key: string): Promise<number | undefined> {
    return this.inner.size(this.#placeOf(key));
  }

  modified(key: string): Promise<number | undefined> {
    return this.inner.modified(this.#placeOf(key));
  }

  async list(folder: string): Promise<string[]> {
    const place = this.#placeOf(folder);
    const keys = await this.#seen.list(place);
    return place === folder ? keys : keys.map((key) => folder + key.slice(place.length));
  }

  delete(key: string): Promise<void> {
    return this.inner.delete(this.#placeOf(key));
  }

  put(key: string, bytes: Uint8Array): Promise<void> {
    return this.inner.put(this.#placeOf(key), this.#close(key, bytes));
  }

  async claim(key: string, bytes: Uint8Array): Promise<Claim> {
    const sealed = this.#close(key, bytes);
    const sent = [...(this.#unanswered.get(key) ?? []), { sealed, plain: Buffer.from(bytes) }];
    this.#unanswered.set(key, sent);
    const claim = await this.inner.claim(this.#placeOf(key), sealed);
    this.#unanswered.delete(key);
    if (claim.won) {
      if (key.startsWith('config/')) this.#seen.noteConfig(key);
      return claim;
    }
    const own = sent.find((each) => each.sealed.equals(claim.winner));
    return { won: false, winner: own?.plain ?? this.#openIfMeant(key, claim.winner) };
  }

  upload(owner: string): Promise<Upload> {
    return this.inner.upload(owner);
  }

  settle(keys: Iterable<string>): Promise<void> {
    return this.inner.settle(Array.from(keys, (key) => this.#placeOf(key)));
  }

  hold(key: string, bytes: Uint8Array): Promise<Hold> {
    return this.inner.hold(this.#placeOf(key), this.#close(key, bytes));
  }

  isHeld(key: string): Promise<boolean> {
    return this.inner.isHeld(this.#placeOf(key));
  }

  sweep(): Promise<void> {
    return this.inner.sweep();
  }

  /** The folder of a name's records would tell the name to whoever guesses it. */
  #placeOf(key: string): string {
    return nameKeyInSealedStore(key, this.#nameHash);
  }

  /** For whoever lost a claim: what is not for these keys is given as it stands. */
  #openIfMeant(key: string, bytes: Buffer): Buffer {
    try {
      return this.#open(key, bytes);
    } catch (error) {
      if (error instanceof StoreError) return bytes;
      throw error;
    }
  }

  #open(key: string, bytes: Buffer): Buffer {
    try {
      if (key.startsWith('keys/')) return this.#openKeySlot(key, bytes);
      if (key.startsWith('config/')) return this.#openConfig(key, bytes);
      return key.startsWith('images/') ? this.#openManifest(key, bytes) : this.#openRecord(key, bytes);
    } catch (cause) {
      if (!(cause instanceof FormatError)) throw cause;
      throw unusable(this.#placeOf(key), this.#unlessSigned(key, bytes, cause), this.vault.canRead);
    }
  }

  /** Who has no key must not make others stop for a newer format: only what somebody signed has one. */
  #unlessSigned(key: string, bytes: Buffer, cause: FormatError): FormatError {
    if (cause.code !== 'bad-version' || key.startsWith('config/')) return cause;
    const slotAt = bytes.length - HASH_BYTES - SIGNATURE_SLOT_BYTES;
    try {
      const slot = readSignatureSlot(bytes, slotAt, cause.structure);
      this.vault.requireSigner(slot, bytes.subarray(0, slotAt), cause.structure);
      return cause;
    } catch (error) {
      if (error instanceof FormatError) return error;
      throw error;
    }
  }

  #close(key: string, plain: Uint8Array): Buffer {
    if (key.startsWith('keys/')) return Buffer.from(plain);
    if (key.startsWith('config/')) {
      this.#requireFull(key);
      return closeConfig(this.vault, key, plain);
    }
    return key.startsWith('images/') ? this.#closeManifest(key, plain) : this.#closeRecord(key, plain);
  }

  #openKeySlot(key: string, bytes: Buffer): Buffer {
    checkKeySlot(this.vault, key, bytes);
    return bytes;
  }

  #openConfig(key: string, bytes: Buffer): Buffer {
    const plain = openConfig(this.vault, key, bytes);
    this.#seen.noteConfig(key);
    return plain;
  }

  #closeRecord(key: string, plain: Uint8Array): Buffer {
    const { kind, body } = decodeEnvelope(plain, 'record', blake3);
    const { kem, by } = rulesOf(kind);
    if (by === 'full') this.#requireFull(key);
    const place = this.#placeOf(key);
    const seal = this.vault.seal(kem);
    const sealed = this.vault.sealPart(seal, SealedPart.record, pad(body, RECORD_SMALLEST), place);
    const envelope = { kind: kind | SEALED_BIT, key: place, body: Buffer.concat([seal.bytes, sealed]) };
    return encodeEnvelope(envelope, blake3, this.vault.sign);
  }

  #openRecord(key: string, bytes: Uint8Array): Buffer {
    const place = this.#placeOf(key);
    const structure = 'sealed record';
    const { kind: sealedKind, key: ownKey, body, slot, covered } = decodeEnvelope(bytes, structure, blake3);
    if ((sealedKind & SEALED_BIT) === 0) throw new FormatError('bad-seal', structure, 6, 'it is not sealed');
    if (ownKey !== place) throw new FormatError('misplaced', structure, 16, `belongs at ${ownKey}`);
    const kind = sealedKind & ~SEALED_BIT;
    const { kem, by } = rulesOf(kind);
    const signer = this.vault.requireSigner(slot, covered, structure);
    if (by === 'full' && signer.access !== 'full')
      throw new FormatError('not-allowed', structure, covered.length, `"${signer.name}" may not write it`);
    const seal = this.vault.openSeal(body, kem);
    const padded = this.vault.openPart(seal, SealedPart.record, body.subarray(SEAL_BYTES), place);
    return encodeEnvelope({ kind, key, body: unpad(padded, structure) }, blake3);
  }

  #closeManifest(key: string, plain: Uint8Array): Buffer {
    const parts = splitManifest(plain, blake3);
    const { header, body } = plainParts(parts);
    const seal = this.vault.seal(kemOfManifest(parts.kind));
    const sealed = {
      kind: parts.kind,
      seal: seal.bytes,
      headerPart: this.vault.sealPart(seal, SealedPart.manifestHeader, header, key),
      bodyPart: this.vault.sealPart(seal, SealedPart.manifestBody, body, key),
    };
    return encodeSealedManifest(sealed, blake3, this.vault.sign);
  }

  #openManifest(key: string, bytes: Uint8Array): Buffer {
    const { kind, seal, headerPart, bodyPart, slot, covered } = decodeSealedManifest(bytes, blake3);
    const signer = this.vault.requireSigner(slot, covered, 'sealed manifest');
    const open = this.vault.openSeal(seal, kemOfManifest(kind));
    const header = this.vault.openPart(open, SealedPart.manifestHeader, headerPart, key);
    const parts = manifestParts(
      kind,
      header,
      this.vault.openPart(open, SealedPart.manifestBody, bodyPart, key),
    );
    if (kind !== ManifestKind.image) return joinManifest(parts, blake3);
    return joinManifest(signedBy(parts, signer, decodeSeal(seal).generation), blake3);
  }

  /** @throws key-forbids */
  #requireFull(key: string): void {
    if (!this.vault.canRead) throw keyForbids(this, { object: key });
  }
}

function rulesOf(kind: number): (typeof RECORDS)[number] {
  const rules = RECORDS[kind];
  if (rules === undefined) throw new FormatError('bad-value', 'sealed record', 6, `kind ${kind}`);
  return rules;
}

/** Whoever may only write must see that its own lease was broken. */
function kemOfManifest(kind: number): Kem {
  return kind === ManifestKind.tombstone ? Kem.members : Kem.readers;
}

function whole(bytes: Buffer): Fetched {
  return { bytes, size: bytes.length };
}

function bounds(size: number, range: ByteRange | undefined): [number, number] {
  if (range === undefined) return [0, size];
  return 'last' in range
    ? [Math.max(0, size - range.last), size]
    : [Math.min(size, range.offset), Math.min(size, range.offset + range.length)];
}
