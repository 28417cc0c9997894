/** What SPEC.md's tables say is what the code has, and the tables agree with themselves. */
import test from 'ava';
import { Vault } from '../../src/encryption/vault.js';
import { SealedStore } from '../../src/objects/sealed-store.js';
import { SEALED_PACK_FRAMES_BYTES } from '../../src/packs/pack-seal.js';
import {
  decodeEnvelope,
  decodeSeal,
  encodeExtents,
  encodePackFooter,
  encodeRecord,
  encodeSealedFooter,
  FOLDERS,
  FRAME_MAX_BYTES,
  HASH_BYTES,
  HEADER_MAX_BYTES,
  KDF_MAX_BYTES,
  Kem,
  type LeaseId,
  MANIFEST_MAX_ATTACHMENTS,
  MANIFEST_MAX_PAGES,
  MIB,
  PACK_MAX_BYTES,
  PACK_MAX_ENTRIES,
  PACK_MAX_FRAMES,
  PACK_TAIL_BYTES,
  PACK_TRAILER_BYTES,
  PAGE_ROWS,
  PackKind,
  paddedBytes,
  RECORD_MAX_BYTES,
  RecordKind,
  SEAL_BYTES,
  SEALED_PACK_MAX_FRAMES,
  SEGMENT_BYTES,
  storeFolders,
  TAG_BYTES,
} from '../../store-format/index.js';
import { MemoryPlace, MemoryStore } from '../support/memory-store.js';
import { KEYRING } from './keyed-example.js';
import { blake3 } from './oracle.js';
import { section, tableAfter } from './spec-document.js';

test('the tree names every folder that a store is made with', (t) => {
  const named = tableAfter('## 2 Tree')
    .slice(1)
    .map(([key]) => /^`([a-z]+)\//.exec(key!)?.[1]);
  t.deepEqual(named.sort(), [...FOLDERS].sort());
  t.is(storeFolders().filter((folder) => /^packs\/[0-9a-f]{2}$/.test(folder)).length, 256);
});

test('the payload table has every record kind', (t) => {
  const kinds = tableAfter('### Payloads')
    .slice(1)
    .map(([kind]) => kind);
  t.deepEqual(
    kinds,
    Object.entries(RecordKind).map(([name, n]) => `${n} ${name}`),
  );
});

test('side by side: the same answer from both sides, and every letter explained', (t) => {
  const [head, ...body] = tableAfter('## 15 Side by side');
  const names = head!.slice(1);
  t.deepEqual(
    body.map((row) => row[0]),
    names,
  );
  const used = new Set<string>();
  body.forEach((row, i) => {
    t.is(row.length, names.length + 1);
    names.forEach((name, j) => {
      t.is(row[j + 1], body[j]![i + 1], `${names[i]} with ${name}`);
      used.add(row[j + 1]!);
    });
  });
  const explained = [...section('## 15 Side by side').matchAll(/^- \*\*([a-z])\*\*/gm)].map(
    ([, letter]) => letter,
  );
  t.deepEqual([...used].filter((cell) => cell !== '·').sort(), explained);
});

test('the tail of a maximal pack fits one read', (t) => {
  const frames = Array.from({ length: PACK_MAX_FRAMES }, () => ({
    offset: 16,
    storedBytes: 1,
    plainBytes: 1,
    entries: 1,
    codec: 0 as const,
    kind: 1 as const,
    hash: Buffer.alloc(HASH_BYTES),
  }));
  const footer = encodePackFooter({
    kind: PackKind.data,
    salt: Buffer.alloc(32),
    lease: '0'.repeat(32) as LeaseId,
    frames,
    lengths: new Uint32Array(PACK_MAX_ENTRIES),
    ids: Buffer.alloc(HASH_BYTES * PACK_MAX_ENTRIES),
  });
  const tailBytes = footer.length + PACK_TRAILER_BYTES;
  t.is(tailBytes, 647_408);
  t.true(tailBytes <= PACK_TAIL_BYTES);
  t.is(PACK_TAIL_BYTES, 655_360);
  t.true(PACK_MAX_BYTES + tailBytes < 65 * MIB);
});

test('the tail of a maximal sealed pack fits one read, and leaves a full pack in one class of lengths', (t) => {
  const idsPart = Buffer.alloc(paddedBytes(4 + 24 + HASH_BYTES * PACK_MAX_ENTRIES, 4096) + TAG_BYTES);
  const rows = 4 + 60 * SEALED_PACK_MAX_FRAMES + 4 * PACK_MAX_ENTRIES;
  const rowsPart = Buffer.alloc(paddedBytes(4 + rows, 2048) + TAG_BYTES);
  const footer = encodeSealedFooter({ seal: Buffer.alloc(SEAL_BYTES), idsPart, rowsPart });
  const tailBytes = footer.length + PACK_TRAILER_BYTES;
  t.is(tailBytes, 639_320);
  t.true(tailBytes <= PACK_TAIL_BYTES);
  t.is(SEALED_PACK_FRAMES_BYTES, PACK_MAX_BYTES - 655_360);
  t.is(paddedBytes(SEALED_PACK_FRAMES_BYTES + tailBytes, 65_536), PACK_MAX_BYTES);
  t.is(KDF_MAX_BYTES, 2 ** 30);
});

/** Who opens a record of that kind, and who may write it, as the library has it. */
async function rulesOf(kind: RecordKind): Promise<string> {
  const key = 'pins/000102030405060708090a0b0c0d0e0f';
  const record = encodeRecord(kind, key, {}, blake3);
  const place = new MemoryPlace();
  const writer = new Vault({ ...KEYRING, access: 'write', dataKeys: [] }, (bytes) => Buffer.alloc(bytes, 7));
  const mayWrite = await new SealedStore(new MemoryStore(place), writer).claim(key, record).then(
    () => true,
    () => false,
  );
  const full = new Vault(KEYRING, (bytes) => Buffer.alloc(bytes, 7));
  await new SealedStore(new MemoryStore(place), full).put(key, record);
  const { kem } = decodeSeal(decodeEnvelope(place.objects.get(key)!, kind, blake3).body);
  return `${kem === Kem.readers ? 'readers' : 'members'}, ${mayWrite ? 'any writer' : 'full access'}`;
}

test('the table of sealed records says who may open and who may write each kind', async (t) => {
  const said = new Map<string, string>();
  for (const [kinds, audience, writer] of tableAfter('### Sealed record').slice(1))
    for (const kind of kinds!.split(', ')) said.set(kind.replace(/^[0-9]+ /, ''), `${audience}, ${writer}`);
  t.deepEqual([...said.keys()].sort(), Object.keys(RecordKind).sort());
  for (const [kind, rules] of said) {
    if (kind === 'config' || kind === 'key') t.is(rules, 'not sealed, the owner (scheme 1)');
    else t.is(await rulesOf(kind as RecordKind), rules, kind);
  }
});

test('the other sums of the limits table', (t) => {
  const manifestBytes =
    56 + HEADER_MAX_BYTES + HASH_BYTES * MANIFEST_MAX_PAGES + 40 * MANIFEST_MAX_ATTACHMENTS + 136;
  t.true(manifestBytes < 13 * MIB);
  t.is(MANIFEST_MAX_PAGES * PAGE_ROWS * SEGMENT_BYTES, 64 * 2 ** 40);
  t.is(8 + 2 * HASH_BYTES * PAGE_ROWS, 16_392);
  const extents = Array.from({ length: 1_000_000 }, (_, i) => ({ offset: 1024 * i, length: 512 }));
  t.is(encodeExtents(extents).length, 16_000_008);
  t.true(16_000_008 <= FRAME_MAX_BYTES);
  t.is(RECORD_MAX_BYTES, 16 * MIB);
});
