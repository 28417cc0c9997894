/**
 * Sealing of one pack while it is written: its frames, then its footer in two parts, and the padding that brings the whole
 * to a class of lengths (SPEC.md, "Sealed pack").
 */
import {
  EntryKind,
  encodeSealedFooter,
  type FooterOpener,
  Kem,
  KIB,
  type OpenedFooter,
  PACK_MAX_BYTES,
  PACK_TAIL_BYTES,
  PACK_TRAILER_BYTES,
  paddedBytes,
  type SealedFooter,
  SealedPart,
  type SignatureSlot,
  splitFooter,
  TAG_BYTES,
} from '../../store-format/index.js';
import { sealFrame } from '../encryption/frame-seals.js';
import type { OpenSeal, Vault } from '../encryption/vault.js';

/**
 * Smallest classes of frames: no single chunk shows its length, as two of the longest fit, nor does a recipe. (Chunks of
 * stores that allow longer ones than 64 KiB make frames of more than one class.)
 */
const CHUNKS_SMALLEST = 128 * KIB;
const META_SMALLEST = 64 * KIB;
const PACK_SMALLEST = 64 * KIB;
/** Leaves room for the largest footer, so that full packs are all of one length: 64 MiB. */
export const SEALED_PACK_FRAMES_BYTES = PACK_MAX_BYTES - PACK_TAIL_BYTES;

interface FrameToSeal {
  readonly kind: EntryKind;
  readonly stored: Uint8Array;
}

export class OpenPackSeal implements FooterOpener {
  readonly #seal: OpenSeal;
  readonly #frameKey: Buffer;
  readonly #sealedLengths: number[] = [];

  constructor(private readonly vault: Vault) {
    this.#seal = vault.seal(Kem.readers);
    this.#frameKey = vault.frameKeyOf(this.#seal);
  }

  get salt(): Uint8Array {
    return this.#seal.salt;
  }

  /** 120 bytes: what follows the header, so that the key of the frames does not go with the footer. */
  get bytes(): Uint8Array {
    return this.#seal.bytes;
  }

  /** Bytes that the frame will take. */
  heldBytes({ kind, stored }: FrameToSeal): number {
    return paddedBytes(stored.length + TAG_BYTES, smallestOf(kind));
  }

  sealFrame(ordinal: number, { kind, stored }: FrameToSeal): readonly Uint8Array[] {
    const seal = { key: this.#frameKey, storeId: this.vault.keyring.storeId, salt: this.salt, ordinal };
    const sealed = sealFrame(stored, smallestOf(kind), seal);
    this.#sealedLengths.push(this.heldBytes({ kind, stored }));
    return sealed;
  }

  sealFooter(footer: Uint8Array): Buffer {
    const { ids, rows } = splitFooter(footer, this.#sealedLengths);
    return encodeSealedFooter({
      seal: this.#seal.bytes,
      idsPart: this.vault.sealPart(this.vault.idsSeal(this.#seal), SealedPart.packIds, ids),
      rowsPart: this.vault.sealPart(this.#seal, SealedPart.packRows, rows),
    });
  }

  sign(covered: Uint8Array): SignatureSlot {
    return this.vault.sign(covered);
  }

  /** Whoever may only write can still read back the footer that it has just made. */
  openFooter(footer: SealedFooter, slot: SignatureSlot, covered: Uint8Array): OpenedFooter {
    const { publicKey: signer } = this.vault.requireSigner(slot, covered, 'sealed pack footer');
    const idsPart = this.vault.openPart(this.vault.idsSeal(this.#seal), SealedPart.packIds, footer.idsPart);
    const part = this.vault.openPart(this.#seal, SealedPart.packRows, footer.rowsPart);
    const { storeId } = this.vault.keyring;
    return { idsPart, rows: { part, frameKey: this.#frameKey }, salt: this.salt, storeId, signer };
  }
}

/** Zeros between the last frame and the footer, so that the pack as a whole has the length of a class. */
export function paddingBefore(bytes: number, footerBytes: number): Buffer {
  const least = bytes + footerBytes + PACK_TRAILER_BYTES;
  return Buffer.alloc(paddedBytes(least, PACK_SMALLEST) - least);
}

function smallestOf(kind: EntryKind): number {
  return kind === EntryKind.chunk ? CHUNKS_SMALLEST : META_SMALLEST;
}
