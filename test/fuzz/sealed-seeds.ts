/**
 * Sealed structures to start from: the examples of SPEC.md, section 17, and structures around parts that are not sealed, since
 * no input could be changed behind a tag.
 */
import { blake3 } from '../../src/hashing/blake3.js';
import {
  encodeEnvelope,
  encodePackTrailer,
  encodePackTrailerStart,
  encodeSealedFooter,
  encodeSealedManifest,
  pad,
  plainParts,
  SEALED_BIT,
  type SignatureSlot,
  splitFooter,
  splitManifest,
} from '../../store-format/index.js';
import { hexBlock, jsonBlock, textBlock } from '../format/spec-document.js';
import { manifestSeeds, tombstoneSeeds } from './record-seeds.js';
import { footerSeeds } from './seeds.js';

const SEAL = hexBlock('seal-for-readers');
const SLOT: SignatureSlot = { scheme: 2, keyId: Buffer.alloc(32, 1), signature: Buffer.alloc(64, 2) };
const TAG_BYTES = 16;

export const sealSeeds = (): Buffer[] => [SEAL, hexBlock('seal-for-members')];

/** As `splitFooter` gives them, with each frame sealed to a little more than it has. */
function footerParts() {
  return footerSeeds().map(({ footerOffset, footer }) => {
    const frames = footer.readUInt32LE(56);
    const lengths = Array.from(
      { length: frames },
      (_, i) => footer.readUInt32LE(64 + 56 * i + 8) + TAG_BYTES,
    );
    const room = 2 * TAG_BYTES * frames;
    for (let i = 0; i < frames; i++) moveFrame(footer, i, TAG_BYTES * i);
    return { footerOffset: footerOffset + room, ...splitFooter(footer, lengths) };
  });
}

/** Frames stand apart by what their tags need. */
function moveFrame(footer: Buffer, i: number, by: number): void {
  const at = 64 + 56 * i;
  footer.writeBigUInt64LE(footer.readBigUInt64LE(at) + BigInt(by), at);
}

/** Length of the ids part u32, ids part, rows part. */
export const sealedPartSeeds = (): Buffer[] =>
  footerParts().map(({ ids, rows }) => Buffer.concat([u32(ids.length), ids, rows]));

export const idsPartSeeds = (): Buffer[] => footerParts().map(({ ids }) => ids);

export const sealedFooterSeeds = (): Buffer[] =>
  footerParts().map(({ ids, rows }) => encodeSealedFooter({ seal: SEAL, idsPart: ids, rowsPart: rows }));

/** Tails alone. */
export const sealedTailSeeds = (): Buffer[] =>
  footerParts().map(({ footerOffset, ids, rows }) => {
    const footer = encodeSealedFooter({ seal: SEAL, idsPart: ids, rowsPart: rows });
    const start = encodePackTrailerStart(footerOffset, footer.length);
    return Buffer.concat([footer, encodePackTrailer(start, blake3(footer), SLOT)]);
  });

export function sealedManifestSeeds(): Buffer[] {
  return [...manifestSeeds(), ...tombstoneSeeds()].map((manifest) => {
    const parts = splitManifest(manifest, blake3);
    const { header, body } = plainParts(parts);
    const sealed = { kind: parts.kind, seal: SEAL, headerPart: header, bodyPart: body };
    return encodeSealedManifest(sealed, blake3, () => SLOT);
  });
}

/** Length of the header part u32, header part, body part. */
export const manifestPartSeeds = (): Buffer[] =>
  manifestSeeds().map((manifest) => {
    const { header, body } = plainParts(splitManifest(manifest, blake3));
    return Buffer.concat([u32(header.length), header, body]);
  });

export const envelopeSeeds = (): Buffer[] => [
  hexBlock('sealed-mark'),
  hexBlock('mark'),
  hexBlock('config'),
  encodeEnvelope(
    { kind: 5 | SEALED_BIT, key: 'leases/a', body: Buffer.concat([SEAL, Buffer.alloc(40)]) },
    blake3,
    () => SLOT,
  ),
];

export const paddedSeeds = (): Buffer[] => [
  Buffer.from(jsonBlock('padding').padded, 'hex'),
  pad(Buffer.from('padded'), 512),
  pad(Buffer.alloc(600, 7), 512),
];

export function keyTextSeeds(): Buffer[] {
  const [text] = textBlock('key-file');
  return [text, ` ${text.toUpperCase()}\r\n`, text.replace(/(.{40})/g, '$1\n')].map((form) =>
    Buffer.from(form),
  );
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
