/**
 * How the model looks at what is stored: as it is, or through the keys where the store has some. By the format's codecs and a
 * vault, never by the engine's sealed store. What does not open, or was signed by somebody who may not write it, should not be there.
 */
import type { Vault } from '../../src/encryption/vault.js';
import { blake3 } from '../../src/hashing/blake3.js';
import {
  type Blake3,
  decodeEnvelope,
  decodeSealedManifest,
  encodeEnvelope,
  FormatError,
  joinManifest,
  Kem,
  ManifestKind,
  manifestParts,
  SEAL_BYTES,
  SEALED_BIT,
  SealedPart,
  unpad,
} from '../../store-format/index.js';
import type { SimulatedKeys } from './simulated-keys.js';
import { Violation } from './violation.js';

export class Opener {
  /** Bytes of a file never change in place. */
  readonly #opened = new WeakMap<Buffer, Buffer>();

  constructor(private readonly keys: SimulatedKeys | undefined) {}

  /** Of a store with keys: it opens all and knows all writers. */
  get vault(): Vault | undefined {
    return this.keys?.vault;
  }

  config(bytes: Buffer): void {
    this.keys?.noteConfig(bytes);
  }

  /** How ids of entries follow from their bytes. */
  get entryHash(): Blake3 {
    return this.vault?.entryHash ?? blake3;
  }

  /** A mark: all with a key see it, and only full access makes it. */
  mark(key: string, bytes: Buffer): Buffer {
    return this.#once(key, bytes, (vault) => openRecord(vault, key, bytes, Kem.members, 'full'));
  }

  lease(key: string, bytes: Buffer): Buffer {
    return this.#once(key, bytes, (vault) => openRecord(vault, key, bytes, Kem.readers, 'anybody'));
  }

  pin(key: string, bytes: Buffer): Buffer {
    return this.#once(key, bytes, (vault) => openRecord(vault, key, bytes, Kem.readers, 'full'));
  }

  /** Of an image, or a tombstone. */
  manifest(key: string, bytes: Buffer): Buffer {
    return this.#once(key, bytes, (vault) => openManifest(vault, key, bytes));
  }

  #once(key: string, bytes: Buffer, open: (vault: Vault) => Buffer): Buffer {
    if (this.vault === undefined) return bytes;
    try {
      const plain = this.#opened.get(bytes) ?? open(this.vault);
      this.#opened.set(bytes, plain);
      return plain;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new Violation('sealed', `${key} is not sealed and signed as it should be: ${error.message}`, [
        key,
      ]);
    }
  }
}

function openRecord(vault: Vault, key: string, bytes: Buffer, kem: Kem, by: 'anybody' | 'full'): Buffer {
  const { kind, key: ownKey, body, slot, covered } = decodeEnvelope(bytes, 'record', blake3);
  if ((kind & SEALED_BIT) === 0 || ownKey !== key)
    throw new FormatError('bad-seal', 'record', 0, `kind ${kind}, made for ${ownKey}`);
  const { access, name } = vault.requireSigner(slot, covered, 'record');
  if (by === 'full' && access !== 'full')
    throw new FormatError('not-allowed', 'record', 0, `"${name}" signed it`);
  const seal = vault.openSeal(body, kem);
  const padded = vault.openPart(seal, SealedPart.record, body.subarray(SEAL_BYTES), key);
  return encodeEnvelope({ kind: kind & ~SEALED_BIT, key, body: unpad(padded, 'record') }, blake3);
}

function openManifest(vault: Vault, key: string, bytes: Buffer): Buffer {
  const { kind, seal, headerPart, bodyPart, slot, covered } = decodeSealedManifest(bytes, blake3);
  vault.requireSigner(slot, covered, 'manifest');
  const opened = vault.openSeal(seal, kind === ManifestKind.tombstone ? Kem.members : Kem.readers);
  const header = vault.openPart(opened, SealedPart.manifestHeader, headerPart, key);
  const body = vault.openPart(opened, SealedPart.manifestBody, bodyPart, key);
  return joinManifest(manifestParts(kind, header, body), blake3);
}
