/** Section 17 of SPEC.md: each derivation and each byte of its examples, in the tests' own words and by the code. */
import { scryptSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { argon2id } from '@noble/hashes/argon2.js';
import { bech32m } from '@scure/base';
import test from 'ava';
import { entryKeyOf, gearSeedOf, maskKeyOf, nameKeyOf } from '../../src/encryption/keyring.js';
import { keyedEntryHash, keyedHash } from '../../src/hashing/keyed-ids.js';
import { grantTo, openKeyring } from '../../src/keys/keyrings.js';
import { openSlot, sealSlot } from '../../src/keys/passphrase.js';
import { decodeSlotSecret, encodeSlotSecret } from '../../src/keys/slot-secret.js';
import {
  chunkerFingerprint,
  chunkerText,
  decodePage,
  decodePayload,
  decodeRecipe,
  decodeSeal,
  type Encryption,
  encodePage,
  encodePayload,
  encodeRecipe,
  encodeSeal,
  type Kdf,
  Kem,
  KeyringSchema,
  KeySlotSchema,
  nameFolder,
  nameKeyInSealedStore,
  pad,
  paddedBytes,
  readSignatureSlot,
  toHex,
  unpad,
  writeSignatureSlot,
} from '../../store-format/index.js';
import { ascii, hex, zeros } from './byte-fields.js';
import { derived, given, KEYRING, publicKey, repeated, vaultDrawing } from './keyed-example.js';
import * as keyed from './keyed-oracle.js';
import { blake3, domain, sha } from './oracle.js';
import { hexBlock, jsonBlock, textBlock } from './spec-document.js';

const STORE = given('storeId');

test('public keys follow from the secret ones', (t) => {
  t.deepEqual(keyed.publicOf('X25519', given('dataKey')), publicKey('dataKey'));
  t.deepEqual(keyed.publicOf('X25519', given('slotSecret')), publicKey('slot'));
  t.deepEqual(keyed.publicOf('Ed25519', given('ownerSeed')), publicKey('owner'));
  t.deepEqual(keyed.publicOf('Ed25519', given('writerSeed')), publicKey('writer'));
});

test('what follows from the id key', (t) => {
  const labels = { gearSeed: 'gear', signerMask: 'signer', nameKey: 'name', entryKey: 'entry' };
  for (const [name, label] of Object.entries(labels))
    t.deepEqual(keyed.hkdf(given('idKey'), keyed.EMPTY, ascii(`doppel ${label}`)), derived(name), name);
  t.is(gearSeedOf(KEYRING), toHex(derived('gearSeed')));
  t.deepEqual(maskKeyOf(KEYRING), derived('signerMask'));
  t.deepEqual(nameKeyOf(KEYRING), derived('nameKey'));
  t.deepEqual(entryKeyOf(KEYRING), derived('entryKey'));
});

test('what follows from the keys of a generation', (t) => {
  const salt = derived('salt');
  t.deepEqual(keyed.memberObjectKey(given('memberKey'), salt), derived('memberObjectKey'));
  t.deepEqual(keyed.hkdf(given('memberKey'), salt, ascii('doppel pack ids')), derived('packIdsKey'));
  t.deepEqual(keyed.hkdf(derived('objectKey'), salt, ascii('doppel frames')), derived('frameKey'));
  const ephemeral = keyed.publicOf('X25519', derived('ephemeralSecret'));
  t.deepEqual(ephemeral, derived('ephemeral'));
  t.deepEqual(keyed.agree(derived('ephemeralSecret'), publicKey('dataKey')), derived('shared'));
  t.deepEqual(keyed.agree(given('dataKey'), ephemeral), derived('shared'));
  const info = [ascii('doppel wrap'), ephemeral, publicKey('dataKey')];
  t.deepEqual(keyed.hkdf(derived('shared'), salt, ...info), derived('wrapKey'));
  const vault = vaultDrawing('aa');
  const members = vault.seal(Kem.members);
  t.deepEqual(Buffer.from(members.objectKey), derived('memberObjectKey'));
  t.deepEqual(Buffer.from(vault.idsSeal(members).objectKey), derived('packIdsKey'));
  t.deepEqual(vault.frameKeyOf({ ...members, objectKey: derived('objectKey') }), derived('frameKey'));
});

test('the keyed chunker', (t) => {
  const [line, fingerprint] = textBlock('keyed-chunker');
  const { chunker } = jsonBlock('config').payload;
  const parameters = { ...chunker, algorithm: 'fastcdc-keyed', gearSeed: toHex(derived('gearSeed')) };
  t.is(chunkerText(parameters), line);
  t.is(chunkerFingerprint(blake3, parameters), fingerprint);
  t.is(toHex(sha(domain('doppel chunker'), ascii(line)).subarray(0, 8)), fingerprint);
});

test('ids under a key', async (t) => {
  const said = jsonBlock('keyed-ids');
  const hash = keyedEntryHash(derived('entryKey'));
  const keyedId = (plainId: Buffer) => toHex(keyed.prf(derived('entryKey'), plainId));
  const [chunk, recipe, page] = [Buffer.from(said.text), hex(said.recipe), hex(said.page)];
  t.is(toHex(sha(chunk)), said.plainHash);
  t.is(keyedId(sha(chunk)), said.chunkId);
  t.is(toHex(hash(chunk)), said.chunkId);
  await sleep(100); // until WebAssembly has started
  t.is(toHex(hash(chunk)), said.chunkId);
  t.is(keyedId(sha(domain('doppel recipe'), recipe)), said.recipeId);
  t.is(keyedId(sha(domain('doppel page'), page)), said.pageId);
  t.is(toHex(decodeRecipe(recipe).ids), said.chunkId);
  t.is(decodeRecipe(recipe).chunker, textBlock('keyed-chunker')[1]);
  const again = encodeRecipe(decodeRecipe(recipe), hash);
  t.deepEqual([toHex(again.bytes), toHex(again.id)], [said.recipe, said.recipeId]);
  t.is(toHex(decodePage(page).recipeIds), said.recipeId);
  t.is(toHex(decodePage(page).segmentDigests), jsonBlock('digest').segmentDigest);
  t.deepEqual(encodePage(decodePage(page)), page);
  const folder = nameFolder(said.name, blake3);
  t.is(folder, jsonBlock('name-key').folder);
  t.is(nameKeyInSealedStore(folder, keyedHash(derived('nameKey'))), said.folder);
  t.is(`tags/${toHex(keyed.prf(derived('nameKey'), hex(folder.slice(5))))}`, said.folder);
});

test('padding', (t) => {
  const { classes, plain, smallest, padded } = jsonBlock('padding');
  for (const [bytes, least, length] of classes) {
    t.is(paddedBytes(bytes, least), length, `${bytes}`);
    t.is(keyed.lengthClass(bytes, least), length, `${bytes}`);
  }
  for (let bytes = 1; bytes < 2 ** 27; bytes += 1 + Math.floor(bytes / 97))
    t.is(paddedBytes(bytes, 16), keyed.lengthClass(bytes, 16), `${bytes}`);
  t.is(toHex(pad(hex(plain), smallest)), padded);
  t.is(toHex(keyed.padded(hex(plain), smallest)), padded);
  t.is(toHex(unpad(hex(padded), 'example')), plain);
});

test('seal for members', (t) => {
  const bytes = hexBlock('seal-for-members');
  const made = vaultDrawing('aa').seal(Kem.members);
  t.deepEqual(Buffer.from(made.bytes), bytes);
  t.deepEqual(encodeSeal(decodeSeal(bytes)), bytes);
  t.deepEqual(Buffer.from(vaultDrawing().openSeal(bytes, Kem.members).objectKey), derived('memberObjectKey'));
});

test('seal for readers', (t) => {
  const bytes = hexBlock('seal-for-readers');
  const made = vaultDrawing('aa', '99', '88').seal(Kem.readers);
  t.deepEqual(Buffer.from(made.bytes), bytes);
  t.deepEqual(encodeSeal(decodeSeal(bytes)), bytes);
  t.deepEqual(keyed.unwrapped(STORE, bytes, given('dataKey')), derived('objectKey'));
  t.deepEqual(Buffer.from(vaultDrawing().openSeal(bytes, Kem.readers).objectKey), derived('objectKey'));
});

test('signatures', (t) => {
  const said = jsonBlock('signatures');
  const covered = Buffer.from(said.covered);
  const signed = keyed.signedBytes(STORE, covered);
  t.is(toHex(signed), said.signedHash);
  const vault = vaultDrawing();
  const slots = [
    { text: said.byOwner, made: vault.signAsOwner(covered), scheme: 1, seed: 'ownerSeed', key: 'owner' },
    { text: said.byWriter, made: vault.sign(covered), scheme: 2, seed: 'writerSeed', key: 'writer' },
  ];
  for (const { text, made, scheme, seed, key } of slots) {
    const bytes = zeros(104);
    writeSignatureSlot(bytes, 0, made);
    t.is(toHex(bytes), text);
    const slot = readSignatureSlot(bytes, 0, 'example');
    t.is(slot.scheme as number, scheme);
    const mask = scheme === 2 ? keyed.prf(derived('signerMask'), signed) : zeros(32);
    t.deepEqual(keyed.xor(slot.keyId, mask), publicKey(key));
    t.deepEqual(Buffer.from(slot.signature), keyed.signature(given(seed), signed));
    t.true(keyed.isSigned(publicKey(key), signed, slot.signature));
  }
  t.is(vault.requireSigner(slots[1]!.made, covered, 'example').name, 'owner');
  t.notThrows(() => vault.requireOwner(slots[0]!.made, covered, 'example'));
  t.throws(() => vault.requireSigner(slots[0]!.made, covered, 'example'), { message: /nobody/ });
  t.throws(() => vault.requireOwner(slots[1]!.made, covered, 'example'), { message: /owner's/ });
});

test('grant', (t) => {
  const said = jsonBlock('grant');
  const { grants } = jsonBlock('keyed-config').payload.encryption as Encryption;
  const [[slot, grant]] = Object.entries(grants) as [[string, Encryption['grants'][string]]];
  const made = grantTo(slot, grant.publicKey, said.keyring, STORE, () => hex(said.ephemeralSecret));
  const bytes = hex(made.sealed);
  t.deepEqual({ ...made, sealed: grant.sealed }, grant);
  t.is(bytes.length, said.sealedBytes);
  t.is(toHex(bytes.subarray(0, 48)), said.sealedStart);
  t.is(toHex(sha(bytes)), said.sealedHash);
  t.is(encodePayload(said.keyring).length, said.keyringBytes);
  const [ephemeral, ownKey] = [bytes.subarray(0, 32), publicKey('slot')];
  t.deepEqual(ephemeral, keyed.publicOf('X25519', hex(said.ephemeralSecret)));
  const shared = keyed.agree(given('slotSecret'), ephemeral);
  const key = keyed.hkdf(shared, keyed.EMPTY, ascii('doppel grant'), ephemeral, ownKey);
  t.is(toHex(key), said.grantKey);
  t.deepEqual(Buffer.concat([STORE, hex(slot), ascii('doppel grant')]), hex(said.associated));
  const plain = keyed.ungcm(key, zeros(12), hex(said.associated), bytes.subarray(32));
  t.is(plain.length, keyed.lengthClass(4 + said.keyringBytes, 4096));
  t.deepEqual(decodePayload(keyed.unpadded(plain), KeyringSchema, 'keyring'), said.keyring);
  const secret = { storeId: STORE, slot: hex(slot), secret: given('slotSecret'), owner: publicKey('owner') };
  const encryption = { ...jsonBlock('keyed-config').payload.encryption, grants: { [slot]: made } };
  t.deepEqual(openKeyring({ storeId: toHex(STORE), encryption }, secret).payload, said.keyring);
});

const SLOT_SECRET = {
  storeId: STORE,
  slot: given('slot'),
  secret: given('slotSecret'),
  owner: publicKey('owner'),
};

function keyOf(kdf: Kdf, passphrase: Uint8Array): Uint8Array {
  const salt = hex(kdf.salt);
  if (kdf.name === 'scrypt') return scryptSync(passphrase, salt, 32, { N: kdf.n, r: kdf.r, p: kdf.p });
  return argon2id(passphrase, salt, { t: kdf.passes, m: kdf.memoryKib, p: kdf.lanes, dkLen: 32 });
}

test('key slots', async (t) => {
  const said = jsonBlock('key-slots');
  const passphrase = hex(said.passphrase).toString();
  t.is(Buffer.from(passphrase.normalize('NFC')).toString('hex'), said.normalized);
  t.deepEqual(Buffer.concat([STORE, given('slot'), ascii('doppel slot')]), hex(said.associated));
  const names: string[] = [];
  for (const { kdf, key, sealed } of said.slots) {
    names.push(kdf.name);
    t.is(toHex(keyOf(kdf, hex(said.normalized))), key);
    const plain = keyed.ungcm(hex(key), zeros(12), hex(said.associated), hex(sealed));
    t.deepEqual(plain, Buffer.concat([given('slotSecret'), publicKey('owner')]));
    const slot = { id: toHex(given('slot')), kdf, sealed };
    t.deepEqual(decodePayload(encodePayload(slot), KeySlotSchema, 'slot'), slot);
    t.deepEqual(await sealSlot(SLOT_SECRET, kdf, passphrase), slot);
    t.deepEqual(await openSlot(slot, STORE, passphrase), SLOT_SECRET);
    t.is(await openSlot(slot, STORE, `${passphrase} `), undefined);
    t.is(await openSlot(slot, repeated('d1', 16), passphrase), undefined);
  }
  t.deepEqual(names, ['scrypt', 'argon2id']);
});

test('key file text', (t) => {
  const [text] = textBlock('key-file');
  t.is(text.length, 169);
  t.is(encodeSlotSecret(SLOT_SECRET), text);
  const { prefix, words } = bech32m.decode(text as `${string}1${string}`, false);
  t.is(prefix, 'doppel');
  const bytes = [STORE, given('slot'), given('slotSecret'), publicKey('owner')];
  t.deepEqual(Buffer.from(bech32m.fromWords(words)), Buffer.concat([Buffer.of(1), ...bytes]));
  const typed = ` ${text.slice(0, 60).toUpperCase()}\r\n ${text.slice(60)}\n`;
  const read = Object.values(decodeSlotSecret(typed) as unknown as Record<string, Uint8Array>);
  t.deepEqual(read.map(toHex), bytes.map(toHex));
  t.throws(() => decodeSlotSecret(text.replace('q8', '8q')), { code: 'bad-key' });
});
