/**
 * The sealed objects of a store with keys, from store-format/SPEC.md alone: seals, signatures, records, manifests. Part of
 * read-image.mjs, which imports nothing of doppel. Numbers in brackets are sections of SPEC.md.
 */
import { readFileSync } from 'node:fs';
import {
  agree,
  ascii,
  domain,
  EMPTY,
  hash,
  hex,
  hkdf,
  isSigned,
  need,
  open,
  prf,
  publicOf,
  signedBytes,
  unpack,
  unpadded,
  xor,
} from './ciphers.mjs';
import { envelope, list, numbersIn, place, unlock } from './unlock.mjs';

/** Who an object is sealed for. */
const MEMBERS = 0;
export const READERS = 1;
/** Kind and audience of the records read here, all of which only full access may write. [17, "Sealed record"] */
const RECORDS = {
  name: { kind: 3, audience: READERS },
  mark: { kind: 4, audience: MEMBERS },
};
const IS_LEGAL_NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]*$/u;

export class OpenStore {
  constructor(path, options) {
    this.path = path;
    Object.assign(this, unlock(path, options));
    need(this.keyring.access === 'full', 'This key may only write');
    const derived = (label) => hkdf(hex(this.keyring.idKey), EMPTY, ascii(`doppel ${label}`));
    [this.signerMask, this.nameKey, this.entryKey] = ['signer', 'name', 'entry'].map(derived);
  }

  #keyOfGeneration(keys, generation, what) {
    const found = keys.find((key) => key.generation === generation);
    need(found !== undefined, `${what} is sealed with generation ${generation}, whose key is not at hand`);
    return hex(found.key);
  }

  /** Salt and object key of a seal; of a pack also the keys of ids and frames. */
  openSeal(seal, audience, what) {
    need(seal.readUInt16LE(0) === 1 && seal.readUInt16LE(2) === audience, `${what} is sealed in another way`);
    const [generation, salt] = [seal.readUInt32LE(4), seal.subarray(8, 40)];
    const memberKey = this.#keyOfGeneration(this.keyring.memberKeys, generation, what);
    if (audience === MEMBERS) {
      need(
        seal.subarray(40).every((byte) => byte === 0),
        `${what}: its seal is wrong`,
      );
      return { salt, objectKey: hkdf(memberKey, salt, ascii('doppel member object')) };
    }
    const dataKey = this.#keyOfGeneration(this.keyring.dataKeys, generation, what);
    const ephemeral = seal.subarray(40, 72);
    const wrapKey = hkdf(agree(dataKey, ephemeral), salt, ascii('doppel wrap'), ephemeral, publicOf(dataKey));
    const objectKey = this.openPart(wrapKey, salt, [0, 0], seal.subarray(72, 120), what);
    const packIdsKey = hkdf(memberKey, salt, ascii('doppel pack ids'));
    const frameKey = hkdf(Buffer.concat([objectKey, memberKey]), salt, ascii('doppel frames'));
    return { salt, objectKey, packIdsKey, frameKey };
  }

  openPart(key, salt, [part, ordinal], sealed, what, objectsKey = '') {
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32LE(part, 0);
    nonce.writeBigUInt64LE(BigInt(ordinal), 4);
    return open(key, nonce, Buffer.concat([this.storeId, salt, nonce, ascii(objectsKey)]), sealed, what);
  }

  /** Who signed it, of those whose signatures count. */
  signer(slot, covered, what) {
    const signed = signedBytes(this.storeId, covered);
    const key = xor(slot.subarray(8, 40), prf(this.signerMask, signed));
    const writer = this.keyring.writers.find(({ publicKey }) => hex(publicKey).equals(key));
    const isKnown = slot.readUInt32LE(0) === 2 && slot.readUInt32LE(4) === 0 && writer !== undefined;
    need(isKnown && isSigned(key, signed, slot.subarray(40)), `${what} has no signature that counts`);
    return writer;
  }

  record(key, name) {
    const { kind, audience } = RECORDS[name];
    const { kind: found, body, slot, covered } = envelope(this.path, key);
    need(found === (kind | 0x100), `${key} is no sealed ${name} record`);
    const writer = this.signer(slot, covered, key);
    need(writer.access === 'full', `${key} was written by ${writer.name}, who may not`);
    const { salt, objectKey } = this.openSeal(body.subarray(0, 120), audience, key);
    return unpack(unpadded(this.openPart(objectKey, salt, [6, 0], body.subarray(120), key, key), key));
  }

  // Images and names [8], [9]

  /** @returns undefined for a tombstone, and for an image that its writer may not call so */
  manifest(pubId) {
    const key = `images/${pubId}`;
    const bytes = readFileSync(place(this.path, key));
    need(bytes.length >= 312 && bytes.toString('latin1', 0, 4) === 'DIMG', `${key} is no manifest`);
    need(hash(bytes.subarray(0, -32)).equals(bytes.subarray(-32)), `${key} was changed`);
    need(bytes.readUInt16LE(4) === 1, `${key} has another format`);
    const [headerBytes, bodyBytes] = [bytes.readUInt32LE(8), bytes.readUInt32LE(12)];
    need(
      bytes.length === 312 + headerBytes + bodyBytes && bytes.readBigUInt64LE(16) === 0n,
      `${key} has a wrong length`,
    );
    const [seal, bodyAt, slotAt] = [bytes.subarray(56, 176), 176 + headerBytes, bytes.length - 136];
    need(
      hash(bytes.subarray(0, 24), bytes.subarray(56, bodyAt)).equals(bytes.subarray(24, 56)),
      `${key} was changed`,
    );
    const writer = this.signer(bytes.subarray(slotAt, slotAt + 104), bytes.subarray(0, slotAt), key);
    const kind = bytes.readUInt16LE(6);
    if (kind === 0x102) return undefined;
    need(kind === 0x101, `${key} is neither image nor tombstone`);
    const { salt, objectKey } = this.openSeal(seal, READERS, key);
    const part = (number, sealed) =>
      unpadded(this.openPart(objectKey, salt, [number, 0], sealed, key, key), key);
    const header = unpack(part(4, bytes.subarray(176, bodyAt)));
    const body = part(5, bytes.subarray(bodyAt, slotAt));
    const pages = body.readUInt32LE(0);
    need(
      header.pubId === pubId && body.length === 8 + 32 * pages + 40 * body.readUInt32LE(4),
      `${key} is wrong inside`,
    );
    if (!counts(writer, header, seal.readUInt32LE(4))) return undefined;
    return {
      header,
      pageIds: Array.from({ length: pages }, (_, i) => body.subarray(8 + 32 * i, 40 + 32 * i)),
    };
  }

  #isLive(pubId, marks) {
    const own = marks.filter(([id]) => id === pubId).map(([, n]) => Number(n));
    if (own.length === 0) return true;
    return this.record(`removed/${pubId}.${Math.max(...own)}`, 'mark').verdict === 'restored';
  }

  find(reference) {
    const [name, tag] = reference.split(':');
    const marks = list(this.path, 'removed').map((file) => file.split('.'));
    const ids = list(this.path, 'images').filter(
      (id) => /^[0-9a-f]{32}$/.test(id) && this.#isLive(id, marks),
    );
    const images = ids
      .map((id) => this.manifest(id)) // one that cannot be read may be the newest [11, I12]
      .filter((image) => image?.header.name === name)
      .sort((a, b) => inOrder(a.header, b.header));
    if (tag === undefined) return images.at(-1);
    const folder = `tags/${prf(this.nameKey, hash(domain('doppel name'), Buffer.from(name))).toString('hex')}`;
    const [n] = numbersIn(this.path, folder);
    const said = n && this.record(`${folder}/${n}`, 'name').tags[tag];
    const captured = images.filter(({ header }) => header.tag === tag).at(-1);
    if (said && !(captured?.header.sequence > said.at))
      return images.find(({ header }) => header.pubId === said.image);
    return captured;
  }
}

/** Whether an image is what its writer calls it. [17, Signatures] */
function counts(writer, header, generation) {
  if (writer.access === 'full') return !(generation > writer.untilGeneration);
  if (!writer.names.some((pattern) => matches(pattern, header.name))) return false;
  if (writer.last === undefined) return true;
  return writer.last.some((last) => last.name === header.name && inOrder(header, last) <= 0);
}

/** Of images of one name. [9] */
function inOrder(a, b) {
  if (a.pubId === b.pubId) return 0;
  return a.sequence - b.sequence || a.createdMs - b.createdMs || (a.pubId < b.pubId ? -1 : 1);
}

/** A legal name is for itself alone, any other pattern a glob: `*`, `?`, `[a-c]`, `{a,b}`. [9] */
function matches(pattern, name) {
  if (IS_LEGAL_NAME.test(pattern)) return pattern === name;
  const words = { '*': '.*', '?': '.', '{': '(?:', '}': ')', ',': '|' };
  const source = pattern.replace(/[.+^$()|\\]/g, '\\$&').replace(/[*?{},]/g, (word) => words[word]);
  return new RegExp(`^(?:${source})$`, 'su').test(name);
}
