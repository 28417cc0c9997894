/** The sealed objects of SPEC.md, section 17: made by the library to the last byte, and opened in the tests' own words. */
import test from 'ava';
import { Vault } from '../../src/encryption/vault.js';
import type { Environment } from '../../src/environment.js';
import { closeConfig, openConfig } from '../../src/objects/sealed-config.js';
import { PackWriter } from '../../src/packs/pack-writer.js';
import {
  ConfigSchema,
  decodeManifest,
  decodePackTail,
  decodePayload,
  decodeRecord,
  decodeSealedFooter,
  decodeSealedManifest,
  encodeManifest,
  encodePayload,
  encodeRecord,
  encodeSealedManifest,
  type LeaseId,
  MarkSchema,
  type PackTail,
  PoliciesSchema,
  TombstoneSchema,
  toHex,
} from '../../store-format/index.js';
import { hex, zeros } from './byte-fields.js';
import { derived, given, KEYRING, publicKey, repeated, storeDrawing, vaultDrawing } from './keyed-example.js';
import * as keyed from './keyed-oracle.js';
import { blake3, sha } from './oracle.js';
import { hexBlock, jsonBlock } from './spec-document.js';

const STORE = given('storeId');

/** Of an object whose signature slot stands before its last 32 bytes. */
function isSignedByWriter(object: Buffer): boolean {
  const slot = object.subarray(object.length - 136, object.length - 32);
  const signed = keyed.signedBytes(STORE, object.subarray(0, object.length - 136));
  const key = keyed.xor(slot.subarray(8, 40), keyed.prf(derived('signerMask'), signed));
  return (
    slot.readUInt32LE(0) === 2 &&
    key.equals(publicKey('writer')) &&
    keyed.isSigned(key, signed, slot.subarray(40))
  );
}

test('sealed record', async (t) => {
  const bytes = hexBlock('sealed-mark');
  const { key, payload, paddedBytes } = jsonBlock('sealed-mark');
  const { store, stored } = storeDrawing('cc');
  await store.claim(key, encodeRecord('mark', key, payload, blake3));
  t.deepEqual(stored.get(key), bytes);
  t.deepEqual(decodeRecord('mark', key, (await store.get(key)).bytes, MarkSchema, blake3), payload);

  t.true(isSignedByWriter(bytes));
  const body = bytes.subarray(16 + key.length, bytes.length - 136);
  const salt = body.subarray(8, 40);
  const objectKey = keyed.memberObjectKey(given('memberKey'), salt);
  const associated = keyed.associated(STORE, salt, 6, 0, key);
  const padded = keyed.ungcm(objectKey, keyed.nonce(6), associated, body.subarray(120));
  t.is(padded.length, paddedBytes);
  t.deepEqual(decodePayload(keyed.unpadded(padded), MarkSchema, 'mark'), payload);
});

test('sealed manifest', async (t) => {
  const said = jsonBlock('sealed-manifest');
  const { header } = said;
  const pageIds = said.pageIds.map(hex);
  const { store, stored } = storeDrawing('bb', '99', '88');
  await store.claim(said.key, encodeManifest({ header, pageIds, attachments: [] }, blake3));
  const bytes = stored.get(said.key)!;
  t.is(bytes.length, said.bytes);
  t.is(toHex(bytes.subarray(bytes.length - 32)), said.hash);
  t.is(toHex(sha(bytes.subarray(0, bytes.length - 32))), said.hash);
  const { signedBy, ...read } = decodeManifest(
    (await store.get(said.key)).bytes,
    header.pubId,
    blake3,
  ).header;
  t.deepEqual(read, header);
  t.deepEqual(signedBy, { writer: 'owner', access: 'full', key: toHex(publicKey('writer')), allowed: true });

  const { headerPartBytes, bodyPartBytes } = said;
  t.is(bytes.readUInt16LE(6), said.kind);
  t.deepEqual([bytes.readUInt32LE(8), bytes.readUInt32LE(12)], [headerPartBytes, bodyPartBytes]);
  const [headerPart, bodyPart] = [
    bytes.subarray(176, 176 + headerPartBytes),
    bytes.subarray(176 + headerPartBytes, bytes.length - 136),
  ];
  t.is(toHex(sha(headerPart)), said.headerPartHash);
  t.is(toHex(sha(bodyPart)), said.bodyPartHash);
  t.is(toHex(sha(bytes.subarray(0, 24), bytes.subarray(56, 176), headerPart)), said.headHash);
  t.is(toHex(bytes.subarray(24, 56)), said.headHash);
  t.is(toHex(bytes.subarray(bytes.length - 136, bytes.length - 32)), said.slot);
  t.true(isSignedByWriter(bytes));
  const seal = bytes.subarray(56, 176);
  t.is(toHex(seal), said.seal);
  const objectKey = keyed.unwrapped(STORE, seal, given('dataKey'));
  const open = (part: number, sealed: Buffer) =>
    keyed.ungcm(
      objectKey,
      keyed.nonce(part),
      keyed.associated(STORE, seal.subarray(8, 40), part, 0, said.key),
      sealed,
    );
  t.deepEqual(keyed.unpadded(open(4, headerPart)), encodePayload(header));
  t.deepEqual(
    keyed.unpadded(open(5, bodyPart)),
    Buffer.concat([Buffer.of(1, 0, 0, 0, 0, 0, 0, 0), ...pageIds]),
  );
  const decoded = decodeSealedManifest(bytes, blake3);
  t.deepEqual(
    encodeSealedManifest(decoded, blake3, () => decoded.slot),
    bytes,
  );
});

test('a tombstone is for members, and is taken apart as a manifest is', async (t) => {
  const { key, tombstone } = jsonBlock('tombstone');
  const { store, stored } = storeDrawing('bb');
  await store.claim(key, hexBlock('tombstone'));
  const bytes = stored.get(key)!;
  t.is(bytes.readUInt16LE(6), 0x102);
  t.deepEqual((await store.get(key)).bytes, hexBlock('tombstone'));
  const salt = bytes.subarray(64, 96);
  const objectKey = keyed.memberObjectKey(given('memberKey'), salt);
  const header = bytes.subarray(176, 176 + bytes.readUInt32LE(8));
  const plain = keyed.ungcm(objectKey, keyed.nonce(4), keyed.associated(STORE, salt, 4, 0, key), header);
  t.deepEqual(decodePayload(keyed.unpadded(plain), TombstoneSchema, 'tombstone'), tombstone);
});

/** The pack of section 6's example, as the pack writer seals it. */
async function sealedPack(): Promise<{ readonly bytes: Buffer; readonly tail: PackTail }> {
  const { store, stored } = storeDrawing('aa', '99', '88');
  const chunk = Buffer.from(jsonBlock('digest').text);
  const tails: PackTail[] = [];
  const writer = new PackWriter({
    objects: store,
    environment: {} as Environment, // whose randomness a sealed pack does not need
    kind: 1,
    lease: jsonBlock('pack').lease as LeaseId,
    onPack: async (tail) => void tails.push(tail),
  });
  await writer.append({
    ...{ kind: 1, codec: 0, plainBytes: chunk.length, stored: chunk, hash: blake3(chunk) },
    ...{ lengths: [chunk.length], ids: keyed.prf(derived('entryKey'), sha(chunk)) },
  });
  await writer.finish();
  const [[, bytes]] = [...stored] as [[string, Buffer]];
  return { bytes, tail: tails[0]! };
}

test('sealed pack', async (t) => {
  const said = jsonBlock('sealed-pack');
  const { bytes, tail } = await sealedPack();
  t.is(`packs/${tail.id.slice(0, 2)}/${tail.id}`, said.key);
  t.is(toHex(sha(bytes)), said.packHash);
  t.is(bytes.length, said.packBytes);
  t.is(tail.signer, toHex(publicKey('writer')));

  const trailer = bytes.subarray(bytes.length - 176);
  t.is(Number(trailer.readBigUInt64LE(8)), said.footerOffset);
  t.is(trailer.readUInt32LE(16), said.footerBytes);
  const footer = bytes.subarray(said.footerOffset, said.footerOffset + said.footerBytes);
  t.is(toHex(sha(footer, trailer)), said.key.slice(9));
  t.is(toHex(sha(bytes.subarray(0, bytes.length - 136))), said.hashBefore);
  t.is(toHex(trailer.subarray(40, 72)), said.hashBefore);
  t.is(toHex(trailer.subarray(72)), said.slot);
  const signed = keyed.signedBytes(STORE, Buffer.concat([footer, trailer.subarray(0, 72)]));
  const signer = keyed.xor(trailer.subarray(80, 112), keyed.prf(derived('signerMask'), signed));
  t.deepEqual(signer, publicKey('writer'));
  t.true(keyed.isSigned(signer, signed, trailer.subarray(112)));

  t.is(footer.toString('latin1', 0, 4), 'DFOS');
  const seal = footer.subarray(8, 128);
  t.is(toHex(seal), said.seal);
  const { idsPart, rowsPart } = decodeSealedFooter(footer);
  t.deepEqual([idsPart.length, rowsPart.length], [said.idsPartBytes, said.rowsPartBytes]);
  t.deepEqual([toHex(sha(idsPart)), toHex(sha(rowsPart))], [said.idsPartHash, said.rowsPartHash]);
  const salt = derived('salt');
  const open = (key: Buffer, part: number, sealed: Uint8Array) =>
    keyed.ungcm(key, keyed.nonce(part), keyed.associated(STORE, salt, part), sealed);
  t.is(toHex(keyed.unpadded(open(derived('packIdsKey'), 2, idsPart))), said.idsPart);
  t.is(
    toHex(keyed.unpadded(open(keyed.unwrapped(STORE, seal, given('dataKey')), 3, rowsPart))),
    said.rowsPart,
  );
  const held = bytes.subarray(said.frameOffset, said.frameOffset + said.frameBytes);
  t.is(toHex(sha(held)), said.frameHash);
  const text = Buffer.from(jsonBlock('digest').text);
  t.deepEqual(open(derived('frameKey'), 1, held).subarray(0, text.length), text);
  t.is(toHex(bytes.subarray(16, 136)), said.seal);
  t.is(said.frameOffset, 136);
  const gap = bytes.subarray(said.frameOffset + said.frameBytes, said.footerOffset);
  t.true(gap.every((byte) => byte === 0));
  t.is(said.packBytes, keyed.lengthClass(said.packBytes - gap.length, 65_536));
});

test('what a member with write access learns of a pack: its ids, and under whose lease it was written', async (t) => {
  const { bytes, tail } = await sealedPack();
  const member = new Vault({ ...KEYRING, access: 'write', dataKeys: [] }, zeros);
  const { footer } = decodePackTail(bytes, bytes.length, tail.id, blake3, member);
  t.deepEqual([footer.kind, footer.lease, footer.frames], [1, tail.footer.lease, []]);
  t.is(toHex(footer.ids), jsonBlock('keyed-ids').chunkId);
  t.deepEqual([...footer.lengths], [0]);
});

test('config with keys', (t) => {
  const said = jsonBlock('keyed-config');
  const grant = madeGrant();
  const { sealed: _, ...clear } = said.payload;
  const [slot] = Object.keys(clear.encryption.grants);
  const config = { ...clear, encryption: { ...clear.encryption, grants: { [slot!]: grant } } };
  const plain = encodeRecord('config', said.key, { ...config, policies: said.policies }, blake3);
  const bytes = closeConfig(vaultDrawing('dd'), said.key, plain);
  t.is(bytes.length, said.bytes);
  t.is(toHex(bytes.subarray(bytes.length - 32)), said.hash);
  const stored = decodeRecord('config', said.key, bytes, ConfigSchema, blake3);
  const sealed = hex(stored.sealed!);
  t.deepEqual({ ...stored, sealed: undefined }, { ...config, sealed: undefined });
  t.is(sealed.length, said.sealedBytes);
  t.is(toHex(sha(sealed)), said.sealedHash);
  const salt = sealed.subarray(8, 40);
  t.is(toHex(salt), said.salt);
  const objectKey = keyed.memberObjectKey(given('memberKey'), salt);
  const associated = keyed.associated(STORE, salt, 6, 0, said.key);
  const padded = keyed.ungcm(objectKey, keyed.nonce(6), associated, sealed.subarray(120));
  t.deepEqual(decodePayload(keyed.unpadded(padded), PoliciesSchema, 'policies'), said.policies);
  const slotBytes = bytes.subarray(bytes.length - 136, bytes.length - 32);
  t.is(slotBytes.readUInt32LE(0), 1);
  t.deepEqual(slotBytes.subarray(8, 40), publicKey('owner'));
  const signed = keyed.signedBytes(STORE, bytes.subarray(0, bytes.length - 136));
  t.true(keyed.isSigned(publicKey('owner'), signed, slotBytes.subarray(40)));
  const read = decodeRecord(
    'config',
    said.key,
    openConfig(vaultDrawing(), said.key, bytes),
    ConfigSchema,
    blake3,
  );
  t.deepEqual(read, { ...config, policies: said.policies });
});

function madeGrant() {
  const said = jsonBlock('grant');
  const { grants } = jsonBlock('keyed-config').payload.encryption;
  const ephemeral = keyed.publicOf('X25519', hex(said.ephemeralSecret));
  const plain = keyed.padded(encodePayload(said.keyring), 4096);
  const sealed = keyed.gcm(hex(said.grantKey), Buffer.alloc(12), hex(said.associated), plain);
  return { ...grants[KEYRING.slot], sealed: toHex(Buffer.concat([ephemeral, sealed])) };
}

test('a part opens in its own place alone', (t) => {
  const vault = vaultDrawing('aa', '99', '88');
  const seal = vault.seal(1);
  const sealed = vault.sealPart(seal, 4, Buffer.from('header'), 'images/a');
  t.is(vault.openPart(seal, 4, sealed, 'images/a').toString(), 'header');
  const flipped = Buffer.from(sealed);
  flipped[2]! ^= 1;
  const others: readonly (() => unknown)[] = [
    () => vault.openPart(seal, 5, sealed, 'images/a'),
    () => vault.openPart(seal, 4, sealed, 'images/b'),
    () => vault.openPart({ ...seal, salt: repeated('ab') }, 4, sealed, 'images/a'),
    () => vault.openPart(seal, 4, flipped, 'images/a'),
    () => vault.openPart(seal, 4, sealed.subarray(1), 'images/a'),
    () => vault.openPart(seal, 4, sealed.subarray(0, 15), 'images/a'),
    () => vault.openSeal(seal.bytes, 0),
  ];
  for (const open of others) t.throws(open, { message: /does not open|sealed for others/ });
});
