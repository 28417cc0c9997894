/**
 * What stands around sealed bytes, and in them once they are opened: a writer whose key was stolen can sign and seal what it
 * likes. Where there is one encoding, what decodes must encode to the same bytes.
 */
import assert from 'node:assert/strict';
import { StoreError } from '../../../src/errors.js';
import { blake3 } from '../../../src/hashing/blake3.js';
import { decodeSlotSecret, encodeSlotSecret } from '../../../src/keys/slot-secret.js';
import {
  decodeEnvelope,
  decodeIdsPart,
  decodePackTail,
  decodePayload,
  decodeSeal,
  decodeSealedFooter,
  decodeSealedManifest,
  encodeEnvelope,
  encodePayload,
  encodeSeal,
  encodeSealedFooter,
  encodeSealedManifest,
  type FooterOpener,
  joinFooter,
  joinManifest,
  KeyringSchema,
  manifestParts,
  PACK_TRAILER_BYTES,
  packId,
  plainParts,
  SEAL_BYTES,
  splitFooter,
  splitManifest,
  unpad,
} from '../../../store-format/index.js';
import { jsonBlock } from '../../format/spec-document.js';
import { mutatePayload } from '../mutate-payload.js';
import { sealEnd, sealSealedManifest } from '../seal.js';
import {
  envelopeSeeds,
  idsPartSeeds,
  keyTextSeeds,
  manifestPartSeeds,
  paddedSeeds,
  sealedFooterSeeds,
  sealedManifestSeeds,
  sealedPartSeeds,
  sealedTailSeeds,
  sealSeeds,
} from '../sealed-seeds.js';
import { PAYLOAD_BOUNDS, STRUCTURE_BOUNDS, type Target, target } from '../target.js';
import { formatRejection } from './entries.js';

const common = { rejection: formatRejection, bounds: STRUCTURE_BOUNDS };
const SALT = Buffer.alloc(32, 0x5a);
const STORE_ID = Buffer.alloc(16, 0xd0);
const LENGTH_BYTES = 4;

/** Takes the parts as they stand: what a tag vouches for is not the question here. */
const OPEN: FooterOpener = {
  openFooter: ({ idsPart, rowsPart }) => ({
    idsPart,
    rows: { part: rowsPart, frameKey: SALT },
    storeId: STORE_ID,
    salt: SALT,
    signer: '0'.repeat(64),
  }),
};

export const SEALED_TARGETS: readonly Target[] = [
  target({
    ...common,
    name: 'seal',
    share: 6,
    seeds: sealSeeds,
    decode: decodeSeal,
    check: (input, seal) => sameBytes(encodeSeal(seal), input.subarray(0, SEAL_BYTES)),
  }),
  target({
    ...common,
    name: 'sealed-footer',
    share: 6,
    seeds: sealedFooterSeeds,
    decode: decodeSealedFooter,
    check: (input, footer) => sameBytes(encodeSealedFooter(footer), input),
  }),
  target({
    ...common,
    name: 'sealed-footer-parts',
    share: 6,
    seeds: sealedPartSeeds,
    decode: (input) => {
      const [ids, rows] = twoParts(input);
      return { ids, rows, ...joinFooter(ids, rows, SALT) };
    },
    check: (_, { ids, rows, footer, sealedLengths }) => {
      const again = splitFooter(footer, sealedLengths);
      sameBytes(unpad(again.ids, 'ids'), unpad(ids, 'ids'));
      sameBytes(unpad(again.rows, 'rows'), unpad(rows, 'rows'));
    },
  }),
  target({
    ...common,
    name: 'sealed-footer-ids',
    share: 6,
    seeds: idsPartSeeds,
    decode: (input) => decodeIdsPart(input, SALT),
    check: (_, { ids, lengths, frames }) => {
      assert.equal(ids.length, 32 * lengths.length);
      assert.equal(frames.length, 0);
    },
  }),
  target({
    ...common,
    name: 'sealed-pack-tail',
    share: 6,
    seeds: sealedTailSeeds,
    decode: (input) => {
      const footerBytes = input.length < PACK_TRAILER_BYTES ? 0 : input.readUInt32LE(input.length - 160);
      const at = Math.max(0, input.length - PACK_TRAILER_BYTES - footerBytes);
      const name = packId(input.subarray(at), Buffer.alloc(0), blake3);
      const said = input.length < PACK_TRAILER_BYTES ? 0n : input.readBigUInt64LE(input.length - 168);
      return decodePackTail(input, Number(said) + footerBytes + PACK_TRAILER_BYTES, name, blake3, OPEN);
    },
    check: (_, { footer, footerOffset }) => {
      for (const { offset, storedBytes, seal } of footer.frames)
        assert.ok(seal !== undefined && seal.sealedBytes >= storedBytes + 16 && offset >= 16);
      const last = footer.frames.at(-1)!;
      assert.ok(last.offset + last.seal!.sealedBytes <= footerOffset, 'A frame reaches into the footer');
    },
  }),
  target({
    ...common,
    name: 'sealed-manifest',
    share: 4,
    seeds: sealedManifestSeeds,
    seal: sealSealedManifest,
    decode: (input) => decodeSealedManifest(input, blake3),
    check: (input, manifest) =>
      sameBytes(
        encodeSealedManifest(manifest, blake3, () => manifest.slot),
        input,
      ),
  }),
  target({
    ...common,
    name: 'sealed-manifest-parts',
    share: 3,
    seeds: manifestPartSeeds,
    decode: (input) => {
      const [header, body] = twoParts(input);
      const parts = manifestParts(1, header, body);
      return { header, body, parts, manifest: joinManifest(parts, blake3) };
    },
    check: (_, { header, body, parts, manifest }) => {
      const again = plainParts(parts);
      sameBytes(unpad(again.header, 'header'), unpad(header, 'header'));
      sameBytes(unpad(again.body, 'body'), unpad(body, 'body'));
      try {
        sameBytes(joinManifest(splitManifest(manifest, blake3), blake3), manifest);
      } catch (error) {
        if (formatRejection(error) === undefined) throw error;
      }
    },
  }),
  target({
    ...common,
    name: 'envelope',
    share: 6,
    seeds: envelopeSeeds,
    seal: sealEnd,
    decode: (input) => decodeEnvelope(input, 'record', blake3),
    check: (input, envelope) =>
      sameBytes(
        encodeEnvelope(envelope, blake3, () => envelope.slot),
        input,
      ),
  }),
  target({
    ...common,
    name: 'padding',
    share: 6,
    seeds: paddedSeeds,
    decode: (input) => unpad(input, 'padded'),
    check: (input, plain) => {
      assert.equal(plain.length, input.readUInt32LE(0));
      sameBytes(plain, input.subarray(LENGTH_BYTES, LENGTH_BYTES + plain.length));
      assert.ok(input.subarray(LENGTH_BYTES + plain.length).every((byte) => byte === 0));
    },
  }),
  target({
    name: 'key-text',
    share: 2,
    bounds: { ...STRUCTURE_BOUNDS, bytesPerByte: 256 },
    seeds: keyTextSeeds,
    rejection: (error) => (error instanceof StoreError ? error.code : undefined),
    decode: (input) => ({ text: input.toString('utf8'), secret: decodeSlotSecret(input.toString('utf8')) }),
    check: (_, { text, secret }) =>
      assert.equal(encodeSlotSecret(secret), text.replace(/\s+/g, '').toLowerCase()),
  }),
  target({
    ...common,
    name: 'keyring',
    share: 1,
    bounds: PAYLOAD_BOUNDS,
    seeds: () => [encodePayload(jsonBlock('grant').keyring)],
    mutate: mutatePayload,
    decode: (input) => decodePayload(input, KeyringSchema, 'keyring'),
  }),
];

/** Length of the first u32, first, second. */
function twoParts(input: Buffer): readonly [Buffer, Buffer] {
  if (input.length < LENGTH_BYTES) return [input, input];
  const end = Math.min(input.length, LENGTH_BYTES + input.readUInt32LE(0));
  return [input.subarray(LENGTH_BYTES, end), input.subarray(end)];
}

function sameBytes(again: Uint8Array, input: Uint8Array): void {
  assert.ok(Buffer.compare(again, input) === 0, 'It decodes, and encodes to other bytes');
}
