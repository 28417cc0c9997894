/** Each structure assembled by hand from SPEC.md's tables: the encoders must give the same bytes. */
import test from 'ava';
import {
  EntryKind,
  encodeExtents,
  encodeManifest,
  encodePackFooter,
  encodePackHeader,
  encodePackTrailer,
  encodePackTrailerStart,
  encodePage,
  encodeRecipe,
  encodeRecord,
  encodeTombstone,
  FrameCodec,
  type LeaseId,
  type ManifestHeader,
  PackKind,
  packId,
  toHex,
} from '../../store-format/index.js';
import { ascii, hex, u16, u32, u64, zeros } from './byte-fields.js';
import { blake3, domain, sha } from './oracle.js';
import { jsonBlock } from './spec-document.js';

const id = (n: number): Buffer => Buffer.alloc(32, n);
const SLOT = zeros(104);

test('recipe', (t) => {
  const bytes = Buffer.concat([
    ...[ascii('DRCP'), hex('0011223344556677'), u32(20_000), u32(2), u32(3)],
    ...[u32(0), u32(4096), u32(16_384), u32(3616)],
    ...[u32(5000), u32(7000), u32(288), id(1), id(2), id(3)],
  ]);
  const encoded = encodeRecipe(
    {
      chunker: '0011223344556677',
      segmentLength: 20_000,
      holes: [0, 4096, 16_384, 3616],
      lengths: [5000, 7000, 288],
      ids: Buffer.concat([id(1), id(2), id(3)]),
    },
    blake3,
  );
  t.deepEqual(encoded.bytes, bytes);
  t.deepEqual(Buffer.from(encoded.id), sha(domain('doppel recipe'), bytes));
});

test('page', (t) => {
  const bytes = Buffer.concat([ascii('DPGE'), u32(2), id(1), id(2), id(3), id(4)]);
  const page = {
    rows: 2,
    recipeIds: Buffer.concat([id(1), id(2)]),
    segmentDigests: Buffer.concat([id(3), id(4)]),
  };
  t.deepEqual(encodePage(page), bytes);
});

test('extent list', (t) => {
  const bytes = Buffer.concat([ascii('DEXT'), u32(1), u64(2 ** 40), u64(512)]);
  t.deepEqual(encodeExtents([{ offset: 2 ** 40, length: 512 }]), bytes);
});

test('pack header, footer and trailer', (t) => {
  const header = Buffer.concat([ascii('DOPLPACK'), u32(1), u32(0)]);
  t.deepEqual(encodePackHeader(), header);
  const footer = Buffer.concat([
    ...[ascii('DFOT'), u32(2), id(9), hex('00112233445566778899aabbccddeeff'), u32(2), u32(3)],
    ...[u64(16), u32(100), u32(300), u32(2), u16(1), u16(2), id(7)],
    ...[u64(128), u32(72), u32(72), u32(1), u16(0), u16(3), id(8)],
    ...[u32(100), u32(200), u32(72), id(1), id(2), id(3)],
  ]);
  const encodedFooter = encodePackFooter({
    kind: PackKind.meta,
    salt: id(9),
    lease: '00112233445566778899aabbccddeeff' as LeaseId,
    frames: [
      {
        ...{ offset: 16, storedBytes: 100, plainBytes: 300, entries: 2 },
        ...{ codec: FrameCodec.zstd, kind: EntryKind.recipe, hash: id(7) },
      },
      {
        ...{ offset: 128, storedBytes: 72, plainBytes: 72, entries: 1 },
        ...{ codec: FrameCodec.stored, kind: EntryKind.page, hash: id(8) },
      },
    ],
    lengths: Uint32Array.of(100, 200, 72),
    ids: Buffer.concat([id(1), id(2), id(3)]),
  });
  t.deepEqual(encodedFooter, footer);
  const start = Buffer.concat([ascii('DTRL'), u32(1), u64(200), u32(footer.length), zeros(20)]);
  t.deepEqual(encodePackTrailerStart(200, footer.length), start);
  const trailer = Buffer.concat([start, id(5), SLOT]);
  t.is(trailer.length, 176);
  t.deepEqual(encodePackTrailer(start, id(5)), trailer);
  t.is(toHex(sha(footer, trailer)), packId(footer, trailer, blake3));
});

test('record', (t) => {
  const key = 'pins/000102030405060708090a0b0c0d0e0f';
  const payload = hex('82a16101a16291a178'); // {a: 1, b: ["x"]}
  const body = Buffer.concat([ascii('DREC'), u16(1), u16(6), u32(37), u32(9), ascii(key), payload, SLOT]);
  t.deepEqual(encodeRecord('pin', key, { a: 1, b: ['x'] }, blake3), Buffer.concat([body, sha(body)]));
});

test('fields without a value are left out', (t) => {
  const key = 'config/0000000001';
  t.deepEqual(
    encodeRecord('config', key, { a: 1, b: undefined, c: { d: undefined } }, blake3),
    encodeRecord('config', key, { a: 1, c: {} }, blake3),
  );
});

test('tombstone', (t) => {
  const own = 'b0b1b2b3b4b5b6b7b8b9babbbcbdbebf';
  const text = (value: string): Buffer => Buffer.concat([Buffer.of(0xa0 + value.length), ascii(value)]);
  const header = Buffer.concat([
    ...[hex('84'), text('pubId'), hex('d920'), ascii(own), text('by'), hex('d920'), ascii(own)],
    ...[text('atMs'), hex('cd03e8'), text('reason'), text('gone')],
  ]);
  const first = Buffer.concat([ascii('DIMG'), u16(1), u16(2), u32(header.length), u32(0), u32(0), u32(0)]);
  const body = Buffer.concat([first, sha(first, header), header, SLOT]);
  const encoded = encodeTombstone({ pubId: own, by: own, atMs: 1000, reason: 'gone' }, blake3);
  t.deepEqual(encoded, Buffer.concat([body, sha(body)]));
});

test('manifest: pages and attachments behind the header', (t) => {
  const header: ManifestHeader = { ...jsonBlock('manifest').header, size: 300 * 2 ** 20 };
  const bytes = encodeManifest(
    { header, pageIds: [id(1), id(2)], attachments: [{ kind: EntryKind.extents, id: id(3) }] },
    blake3,
  );
  const headerBytes = bytes.readUInt32LE(8);
  const first = Buffer.concat([ascii('DIMG'), u16(1), u16(1), u32(headerBytes), u32(2), u32(1), u32(0)]);
  const payload = bytes.subarray(56, 56 + headerBytes);
  const body = Buffer.concat([
    ...[first, sha(first, payload), payload, id(1), id(2), u32(4), u32(0), id(3), SLOT],
  ]);
  t.deepEqual(bytes, Buffer.concat([body, sha(body)]));
});

test('what no reader would take is not written', (t) => {
  const { header } = jsonBlock('manifest');
  const endless = { ...header, description: 'x'.repeat(5 * 2 ** 20) };
  t.throws(() => encodeManifest({ header: endless, pageIds: [], attachments: [] }, blake3), {
    instanceOf: TypeError,
  });
  t.throws(() => encodeRecord('pin', 'pins/x', { reason: 'x'.repeat(17 * 2 ** 20) }, blake3), {
    instanceOf: TypeError,
  });
});
