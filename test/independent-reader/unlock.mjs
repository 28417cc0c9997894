/**
 * From a store and what its user knows to a keyring, from store-format/SPEC.md alone: places, records as such, key slots, the
 * config and its grants. Part of read-image.mjs, which imports nothing of doppel. Numbers in brackets are sections.
 */
import { scryptSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { argon2id } from '@noble/hashes/argon2.js';
import { bech32m } from '@scure/base';
import {
  agree,
  ascii,
  EMPTY,
  hash,
  hex,
  hkdf,
  isSigned,
  need,
  open,
  publicOf,
  signedBytes,
  unpack,
  unpadded,
} from './ciphers.mjs';

const NO_NONCE = Buffer.alloc(12);

// Places and envelopes [2], [7]

export const place = (store, key) => join(store, ...key.split('/'));
export const list = (store, folder) =>
  existsSync(place(store, folder)) ? readdirSync(place(store, folder)) : [];
/** The highest first. */
export const numbersIn = (store, folder) =>
  list(store, folder)
    .filter((name) => /^[0-9]{10}$/.test(name) && Number(name) > 0)
    .sort()
    .reverse();

/** What every record is under its hash: kind, payload, signature slot, and what the signature covers. */
export function envelope(store, key) {
  const bytes = readFileSync(place(store, key));
  need(bytes.length >= 152 && bytes.toString('latin1', 0, 4) === 'DREC', `${key} is no record`);
  need(hash(bytes.subarray(0, -32)).equals(bytes.subarray(-32)), `${key} was changed`);
  need(bytes.readUInt16LE(4) === 1, `${key} has another format`);
  const [keyBytes, payloadBytes] = [bytes.readUInt32LE(8), bytes.readUInt32LE(12)];
  need(bytes.length === 152 + keyBytes + payloadBytes, `${key} has a wrong length`);
  need(bytes.toString('latin1', 16, 16 + keyBytes) === key, `${key} belongs elsewhere`);
  const slotAt = bytes.length - 136;
  const body = bytes.subarray(16 + keyBytes, slotAt);
  return {
    kind: bytes.readUInt16LE(6),
    body,
    slot: bytes.subarray(slotAt, slotAt + 104),
    covered: bytes.subarray(0, slotAt),
  };
}

// Opening a store [17, "Opening a store"]

function secretOf(store, config, options) {
  if (options['key-file'] !== undefined) return fromKeyFile(readFileSync(options['key-file'], 'utf8'));
  need(
    options['passphrase-file'] !== undefined,
    'A passphrase or a key is needed: --passphrase-file, --key-file',
  );
  const [passphrase] = readFileSync(options['passphrase-file'], 'utf8').split(/\r?\n/);
  const slots = list(store, 'keys').filter((id) => config.encryption.grants[id] !== undefined);
  for (const id of slots) {
    const { kind, body } = envelope(store, `keys/${id}`);
    const slot = unpack(body);
    need(kind === 2 && slot.id === id, `keys/${id} is no key slot`);
    const associated = Buffer.concat([hex(config.storeId), hex(id), ascii('doppel slot')]);
    const key = keyOf(slot.kdf, passphrase.normalize('NFC'));
    try {
      const plain = open(key, NO_NONCE, associated, hex(slot.sealed), 'The slot');
      return { storeId: config.storeId, slot: id, key: plain.subarray(0, 32), owner: plain.subarray(32) };
    } catch {} // another slot's passphrase
  }
  throw new Error('Wrong passphrase: it opens no key slot of this store');
}

function keyOf(kdf, passphrase) {
  const salt = hex(kdf.salt);
  if (kdf.name === 'argon2id')
    return argon2id(passphrase, salt, { t: kdf.passes, m: kdf.memoryKib, p: kdf.lanes, dkLen: 32 });
  need(kdf.name === 'scrypt', `Key slots by ${kdf.name} are not known here`);
  return scryptSync(passphrase, salt, 32, { N: kdf.n, r: kdf.r, p: kdf.p, maxmem: 2 ** 31 });
}

function fromKeyFile(text) {
  const { prefix, words } = bech32m.decode(text.replace(/\s/g, '').toLowerCase(), false);
  const bytes = Buffer.from(bech32m.fromWords(words));
  need(prefix === 'doppel' && bytes.length === 97 && bytes[0] === 1, 'This is no key file');
  return {
    storeId: bytes.toString('hex', 1, 17),
    slot: bytes.toString('hex', 17, 33),
    key: bytes.subarray(33, 65),
    owner: bytes.subarray(65),
  };
}

/** The highest config that `accept` takes: readers may fall back where the highest is damaged. [11, I12] */
function highestConfig(store, accept) {
  let fault = new Error(`${store} is no store`);
  for (const n of numbersIn(store, 'config')) {
    try {
      const record = envelope(store, `config/${n}`);
      need(record.kind === 1, `config/${n} is no config`);
      accept(record, n);
      return unpack(record.body);
    } catch (error) {
      fault = error;
    }
  }
  throw fault;
}

/** The keyring that the user's slot is granted, by a config that the owner has signed whom the slot pins. */
export function unlock(store, options) {
  const found = highestConfig(store, () => {});
  need(found.encryption !== undefined, `${store} has no keys`);
  const { storeId, slot, key, owner } = secretOf(store, found, options);
  const config = highestConfig(store, (record, n) => {
    const isOwners = record.slot.readUInt32LE(0) === 1 && record.slot.subarray(8, 40).equals(owner);
    const signed = signedBytes(hex(storeId), record.covered);
    need(
      isOwners && isSigned(owner, signed, record.slot.subarray(40)),
      `config/${n} is not signed by the owner`,
    );
  });
  const isSame = config.storeId === storeId && hex(config.encryption.owner).equals(owner);
  need(isSame, 'The key is for another store');
  for (const flag of config.features.read) need(flag === 'sealed', `The store needs "${flag}" to be read`);
  const grant = config.encryption.grants[slot];
  need(grant !== undefined, 'This key opens the store no more: it was removed');
  const sealed = hex(grant.sealed);
  const ephemeral = sealed.subarray(0, 32);
  const grantKey = hkdf(agree(key, ephemeral), EMPTY, ascii('doppel grant'), ephemeral, publicOf(key));
  const associated = Buffer.concat([hex(storeId), hex(slot), ascii('doppel grant')]);
  const padded = open(grantKey, NO_NONCE, associated, sealed.subarray(32), 'The grant');
  return { storeId: hex(storeId), keyring: unpack(unpadded(padded, 'The grant')) };
}
