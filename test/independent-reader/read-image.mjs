#!/usr/bin/env node
/**
 * Reads one image out of a store with keys, and writes it to a file. Written from store-format/SPEC.md alone: it imports nothing
 * of doppel, so that it still works where doppel does not.
 *
 *   node read-image.mjs STORE NAME[:TAG] TARGET --passphrase-file FILE
 *   node read-image.mjs STORE NAME[:TAG] TARGET --key-file FILE
 *
 * Checked on the way: the owner's signature on the config, that of a known writer on each record, manifest and pack, and
 * the hash of every entry, segment and image. Exit code 1, with one line that says why, when anything is wrong. Numbers in
 * brackets are sections of SPEC.md.
 */
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { decompress } from 'zstd-napi';
import { ascii, domain, EMPTY, hash, hkdf, need, prf, unpadded } from './ciphers.mjs';
import { OpenStore, passingOver, READERS } from './sealed-store.mjs';
import { list, place } from './unlock.mjs';

const FRAMES_KEPT = 16;
const TAIL_BYTES = 655_360;
const SEGMENT_BYTES = 2 ** 20;
const CHUNK = 1;
const RECIPE = 2;
const PAGE = 3;

// Packs [6], [17, "Sealed pack"]

class Entries {
  #homes = new Map();
  #frames = new Map();

  constructor(store) {
    this.store = store;
    const names = list(store.path, 'packs').flatMap((shard) => list(store.path, `packs/${shard}`));
    const ids = names.filter((name) => /^[0-9a-f]{64}$/.test(name));
    // Where an entry stands twice, the later one is read: what is known as damaged comes first.
    const damaged = new Set(list(store.path, 'damaged'));
    ids.sort((a, b) => damaged.has(b) - damaged.has(a));
    for (const id of ids) passingOver(() => this.#readFooter(id));
  }

  #read(id, offset, length) {
    const file = openSync(place(this.store.path, `packs/${id.slice(0, 2)}/${id}`), 'r');
    try {
      const at = offset < 0 ? Math.max(0, fstatSync(file).size + offset) : offset;
      const bytes = Buffer.alloc(length);
      return {
        bytes: bytes.subarray(0, readSync(file, bytes, 0, length, at)),
        packBytes: fstatSync(file).size,
      };
    } finally {
      closeSync(file);
    }
  }

  #readFooter(id) {
    const what = `Pack ${id.slice(0, 12)}…`;
    const { bytes: tail, packBytes } = this.#read(id, -TAIL_BYTES, TAIL_BYTES);
    const trailerAt = tail.length - 176;
    need(
      trailerAt > 0 && tail.toString('latin1', trailerAt, trailerAt + 4) === 'DTRL',
      `${what} has no trailer`,
    );
    const footerAt = trailerAt - tail.readUInt32LE(trailerAt + 16);
    need(
      footerAt >= 0 && hash(tail.subarray(footerAt)).toString('hex') === id,
      `${what} is not what its name says`,
    );
    const footerOffset = packBytes - (tail.length - footerAt);
    need(Number(tail.readBigUInt64LE(trailerAt + 8)) === footerOffset, `${what} has a wrong length`);
    this.store.signer(tail.subarray(trailerAt + 72), tail.subarray(footerAt, trailerAt + 72), what);
    const footer = tail.subarray(footerAt, trailerAt);
    need(footer.toString('latin1', 0, 4) === 'DFOS', `${what} is not sealed`);
    const [idsBytes, rowsBytes] = [footer.readUInt32LE(128), footer.readUInt32LE(132)];
    need(footer.length === 136 + idsBytes + rowsBytes, `${what} has a wrong footer`);
    const { salt, objectKey, packIdsKey } = this.store.openSeal(footer.subarray(8, 128), READERS, what);
    const part = (key, number, sealed) =>
      unpadded(this.store.openPart(key, salt, [number, 0], sealed, what), what);
    const ids = part(packIdsKey, 2, footer.subarray(136, 136 + idsBytes));
    const rows = part(objectKey, 3, footer.subarray(136 + idsBytes));
    this.#addFrames(id, {
      ids,
      rows,
      salt,
      frameKey: hkdf(objectKey, salt, ascii('doppel frames')),
      footerOffset,
    });
  }

  #addFrames(pack, { ids, rows, salt, frameKey, footerOffset }) {
    const [entries, frames] = [ids.readUInt32LE(20), rows.readUInt32LE(0)];
    need(
      ids.length === 24 + 32 * entries && rows.length === 4 + 60 * frames + 4 * entries,
      'A footer is wrong inside',
    );
    let entry = 0;
    for (let ordinal = 0; ordinal < frames; ordinal++) {
      const row = rows.subarray(4 + 4 * frames + 56 * ordinal, 4 + 4 * frames + 56 * (ordinal + 1));
      const frame = {
        pack,
        ordinal,
        salt,
        frameKey,
        sealedBytes: rows.readUInt32LE(4 + 4 * ordinal),
        offset: Number(row.readBigUInt64LE(0)),
        storedBytes: row.readUInt32LE(8),
        plainBytes: row.readUInt32LE(12),
        codec: row.readUInt16LE(20),
        hash: row.subarray(24, 56),
      };
      const kind = row.readUInt16LE(22);
      need(
        frame.offset + frame.sealedBytes <= footerOffset && frame.plainBytes <= 2 ** 24,
        'A footer is wrong inside',
      );
      for (let at = 0, left = row.readUInt32LE(16); left > 0; left--, entry++) {
        const length = rows.readUInt32LE(4 + 60 * frames + 4 * entry);
        const id = ids.toString('hex', 24 + 32 * entry, 56 + 32 * entry);
        this.#homes.set(`${kind} ${id}`, { frame, at, length });
        at += length;
      }
    }
  }

  #plainFrame(frame) {
    const name = `${frame.pack} ${frame.ordinal}`;
    const known = this.#frames.get(name);
    if (known !== undefined) return known;
    const what = `Frame ${frame.ordinal} of pack ${frame.pack.slice(0, 12)}…`;
    const { bytes } = this.#read(frame.pack, frame.offset, frame.sealedBytes);
    const opened = this.store.openPart(frame.frameKey, frame.salt, [1, frame.ordinal], bytes, what);
    const stored = opened.subarray(0, frame.storedBytes);
    need(hash(stored).equals(frame.hash), `${what} is not what was stored`);
    const plain = frame.codec === 0 ? stored : decompress(stored);
    need(frame.codec <= 1 && plain.length === frame.plainBytes, `${what} has a wrong length`);
    if (this.#frames.size >= FRAMES_KEPT) this.#frames.delete(this.#frames.keys().next().value);
    this.#frames.set(name, plain);
    return plain;
  }

  /** The entry's bytes, hashed. [17, "Ids under a key"] */
  get(kind, id, prefix = EMPTY) {
    const home = this.#homes.get(`${kind} ${id.toString('hex')}`);
    need(home !== undefined, `Entry ${id.toString('hex', 0, 6)}… of kind ${kind} is in no pack`);
    const bytes = this.#plainFrame(home.frame).subarray(home.at, home.at + home.length);
    need(
      prf(this.store.entryKey, hash(prefix, bytes)).equals(id),
      `Entry ${id.toString('hex', 0, 6)}… is not what its id says`,
    );
    return bytes;
  }
}

// Images [5]

function segmentOf(entries, recipeId) {
  const recipe = entries.get(RECIPE, recipeId, domain('doppel recipe'));
  const [length, holes, chunks] = [12, 16, 20].map((at) => recipe.readUInt32LE(at));
  need(
    recipe.toString('latin1', 0, 4) === 'DRCP' &&
      recipe.length === 24 + 8 * holes + 36 * chunks &&
      length <= SEGMENT_BYTES,
    'A recipe is wrong',
  );
  const segment = Buffer.alloc(length);
  let [at, hole] = [0, 0];
  const passHoles = () => {
    while (hole < holes && recipe.readUInt32LE(24 + 8 * hole) === at)
      at += recipe.readUInt32LE(28 + 8 * hole++);
  };
  for (let chunk = 0; chunk < chunks; chunk++) {
    passHoles();
    const idAt = 24 + 8 * holes + 4 * chunks + 32 * chunk;
    const bytes = entries.get(CHUNK, recipe.subarray(idAt, idAt + 32));
    need(
      bytes.length === recipe.readUInt32LE(24 + 8 * holes + 4 * chunk),
      'A chunk is not as long as its recipe says',
    );
    at += bytes.copy(segment, at);
  }
  passHoles();
  need(at === length && hole === holes, 'A recipe does not fill its segment');
  return segment;
}

function writeImage(entries, { header, pageIds }, target) {
  const file = openSync(target, 'w');
  const digests = [];
  let at = 0;
  for (const pageId of pageIds) {
    const page = entries.get(PAGE, pageId, domain('doppel page'));
    const rows = page.readUInt32LE(4);
    need(page.toString('latin1', 0, 4) === 'DPGE' && page.length === 8 + 64 * rows, 'A page is wrong');
    for (let row = 0; row < rows; row++) {
      const segment = segmentOf(entries, page.subarray(8 + 32 * row, 40 + 32 * row));
      digests.push(page.subarray(8 + 32 * (rows + row), 40 + 32 * (rows + row)));
      need(hash(segment).equals(digests.at(-1)), `The segment at byte ${at} is not what was captured`);
      writeSync(file, segment, 0, segment.length, at);
      at += segment.length;
    }
  }
  closeSync(file);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(at));
  const digest = hash(domain('doppel image digest'), size, ...digests).toString('hex');
  need(at === header.size && digest === header.digest, 'The image is not what was captured');
  return digest;
}

try {
  const options = { 'passphrase-file': { type: 'string' }, 'key-file': { type: 'string' } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [path, reference, target] = positionals;
  need(
    positionals.length === 3,
    'Usage: node read-image.mjs STORE NAME[:TAG] TARGET --passphrase-file FILE | --key-file FILE',
  );
  const store = new OpenStore(path, values);
  const image = store.find(reference);
  need(image !== undefined, `The store has no image ${reference}`);
  const digest = writeImage(new Entries(store), image, target);
  process.stdout.write(
    `${image.header.name} ${image.header.imageId}: ${image.header.size} bytes, digest ${digest}\n`,
  );
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
