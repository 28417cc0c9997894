/** Every worked example of SPEC.md, decoded and encoded again: the document cannot drift from the codecs. */
import test from 'ava';
import {
  CHUNKER_FINGERPRINT_BYTES,
  ConfigSchema,
  checkMark,
  checkPackHeader,
  chunkerFingerprint,
  chunkerText,
  decodeExtents,
  decodeManifest,
  decodeManifestHead,
  decodePackTail,
  decodePage,
  decodeRecipe,
  decodeRecord,
  decodeTombstone,
  encodeExtents,
  encodeManifest,
  encodePackFooter,
  encodePage,
  encodeRecipe,
  encodeRecord,
  encodeTombstone,
  extentsId,
  type FrameCodec,
  type Mark,
  MarkSchema,
  NameRecordSchema,
  nameFolder,
  type PackId,
  type PubId,
  pageId,
  parseMark,
  parsePackId,
  type RecordKind,
  recipeId,
  toHex,
} from '../../store-format/index.js';
import { hex, zeros } from './byte-fields.js';
import { blake3, domain, sha } from './oracle.js';
import { blocks, hexBlock, hexOffsets, jsonBlock, textBlock } from './spec-document.js';

const DEFAULT_CHUNKER = jsonBlock('config').payload.chunker;
const rows = (bytes: Uint8Array): string[] => (toHex(bytes).match(/.{64}/g) as string[] | null) ?? [];

test('every example has a test', (t) => {
  const tested = new Set([
    ...['digest', 'name-key', 'chunker', 'gear', 'cuts', 'recipe', 'page', 'extents', 'pack', 'meta-pack'],
    ...['config', 'config-with-policies', 'mark', 'name-record', 'manifest', 'tombstone'],
    // spec-keys.test.ts
    ...['keys-given', 'keys-derived', 'keyed-chunker', 'keyed-ids', 'seal-for-members', 'seal-for-readers'],
    ...['padding', 'signatures', 'grant', 'key-slots', 'key-file'],
    // spec-sealed.test.ts
    ...['sealed-pack', 'sealed-manifest', 'sealed-mark', 'keyed-config'],
  ]);
  t.deepEqual([...new Set(blocks.map((block) => block.name))].sort(), [...tested].sort());
});

for (const { name } of blocks.filter((block) => block.language === 'hex')) {
  test(`the offsets beside the bytes of "${name}" are right`, (t) => {
    for (const [said, found] of hexOffsets(name)) t.is(said, found);
  });
}

test('chunker text and fingerprint', (t) => {
  const [text, fingerprint] = textBlock('chunker');
  t.is(chunkerText(DEFAULT_CHUNKER), text);
  t.is(chunkerFingerprint(blake3, DEFAULT_CHUNKER), fingerprint);
  const hash = sha(domain('doppel chunker'), Buffer.from(text, 'latin1'));
  t.is(toHex(hash.subarray(0, CHUNKER_FINGERPRINT_BYTES)), fingerprint);
});

test('name key', (t) => {
  const { name, folder } = jsonBlock('name-key');
  t.is(nameFolder(name, blake3), folder);
  t.is(`tags/${toHex(sha(domain('doppel name'), Buffer.from(name)))}`, folder);
});

test('recipe', (t) => {
  const bytes = hexBlock('recipe');
  const { id, ...said } = jsonBlock('recipe');
  const recipe = decodeRecipe(bytes);
  const { holes, offsets, lengths } = recipe;
  t.deepEqual(
    { ...recipe, holes: [...holes], offsets: [...offsets], lengths: [...lengths], ids: rows(recipe.ids) },
    said,
  );
  t.deepEqual(encodeRecipe(recipe, blake3).bytes, bytes);
  t.is(toHex(encodeRecipe(recipe, blake3).id), id);
  t.is(toHex(recipeId(bytes, blake3)), id);
});

test('page', (t) => {
  const bytes = hexBlock('page');
  const said = jsonBlock('page');
  const page = decodePage(bytes);
  t.deepEqual(rows(page.recipeIds), said.recipeIds);
  t.deepEqual(rows(page.segmentDigests), said.segmentDigests);
  t.deepEqual(encodePage(page), bytes);
  t.is(toHex(pageId(bytes, blake3)), said.id);
});

test('extent list', (t) => {
  const bytes = hexBlock('extents');
  const said = jsonBlock('extents');
  t.deepEqual(decodeExtents(bytes), said.extents);
  t.deepEqual(encodeExtents(said.extents), bytes);
  t.is(toHex(extentsId(bytes, blake3)), said.id);
});

for (const name of ['pack', 'meta-pack']) {
  test(name, (t) => {
    const bytes = hexBlock(name);
    const said = jsonBlock(name);
    checkPackHeader(bytes);
    const tail = decodePackTail(bytes, bytes.length, parsePackId(said.key) as PackId, blake3);
    t.is(bytes.length, said.packBytes);
    t.is(tail.footerOffset, said.footerOffset);
    t.is(tail.footer.kind, said.kind);
    t.is(tail.footer.lease, said.lease);
    t.is(toHex(tail.footer.salt), said.salt);
    t.deepEqual([...tail.footer.lengths], said.lengths);
    t.deepEqual(rows(tail.footer.ids), said.ids);
    const frames = tail.footer.frames.map((frame) => ({ ...frame, hash: toHex(frame.hash) }));
    t.deepEqual(frames as unknown, said.frames);
    const footer = encodePackFooter(tail.footer);
    t.deepEqual(footer, bytes.subarray(tail.footerOffset, tail.footerOffset + footer.length));
    const trailerHash = bytes.length - 104 - 32;
    t.deepEqual(Buffer.from(tail.hashBefore), sha(bytes.subarray(0, trailerHash)));
    for (const frame of tail.footer.frames) {
      const stored = bytes.subarray(frame.offset, frame.offset + frame.storedBytes);
      t.is(frame.codec, 0 as FrameCodec);
      t.deepEqual(Buffer.from(frame.hash), sha(stored));
    }
  });
}

const records = [
  ['config', ConfigSchema],
  ['config-with-policies', ConfigSchema],
  ['mark', MarkSchema],
  ['name-record', NameRecordSchema],
] as const;

for (const [name, schema] of records) {
  test(`${name} record`, (t) => {
    const bytes = hexBlock(name);
    const { key, kind, payload } = jsonBlock(name) as { key: string; kind: RecordKind; payload: object };
    t.deepEqual(decodeRecord<unknown>(kind, key, bytes, schema, blake3), payload);
    t.deepEqual(encodeRecord(kind, key, payload, blake3), bytes);
  });
}

test('the mark fits its key', (t) => {
  const { key, payload } = jsonBlock('mark');
  const { image, n } = parseMark(key)!;
  t.notThrows(() => checkMark(image, n, payload as Mark));
});

test('manifest', (t) => {
  const bytes = hexBlock('manifest');
  const { header, pageIds, attachments } = jsonBlock('manifest');
  const manifest = decodeManifest(bytes, header.pubId as PubId, blake3);
  t.deepEqual(manifest.header, header);
  t.deepEqual(manifest.pageIds.map(toHex), pageIds);
  t.deepEqual(manifest.attachments, attachments);
  t.deepEqual(encodeManifest(manifest, blake3), bytes);
  t.deepEqual(decodeManifestHead(bytes, header.pubId, blake3), { kind: 'image', header });
});

test('tombstone', (t) => {
  const bytes = hexBlock('tombstone');
  const { tombstone } = jsonBlock('tombstone');
  t.deepEqual(decodeTombstone(bytes, tombstone.pubId, blake3), tombstone);
  t.deepEqual(encodeTombstone(tombstone, blake3), bytes);
  t.deepEqual(decodeManifestHead(bytes, tombstone.pubId, blake3), { kind: 'tombstone', tombstone });
});

test('image digest', (t) => {
  const { size, zeros: leading, text, segmentDigest, digest } = jsonBlock('digest');
  const image = Buffer.concat([zeros(leading), Buffer.from(text)]);
  t.is(image.length, size);
  t.is(toHex(sha(image)), segmentDigest);
  const sizeBytes = Buffer.alloc(8);
  sizeBytes.writeBigUInt64LE(BigInt(size));
  t.is(toHex(sha(domain('doppel image digest'), sizeBytes, hex(segmentDigest))), digest);
  t.is(jsonBlock('manifest').header.digest, digest);
});
