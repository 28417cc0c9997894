/** Foreign bytes: each field out of range, each truncation, each flipped byte gives a FormatError and nothing else. */
import test, { type ExecutionContext } from 'ava';
import {
  checkPackHeader,
  decodeExtents,
  decodeManifest,
  decodeManifestHead,
  decodePackFooter,
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
  FormatError,
  type FormatErrorCode,
  MarkSchema,
  type PackId,
  type PubId,
  parsePackId,
} from '../../store-format/index.js';
import { hex, patched, u16, u32, u64, zeros } from './byte-fields.js';
import { blake3 } from './oracle.js';
import { packIdOf, resealEnd, resealManifest } from './reseal.js';
import { hexBlock, jsonBlock } from './spec-document.js';

const recipe = hexBlock('recipe');
const page = hexBlock('page');
const extents = hexBlock('extents');
const pack = hexBlock('meta-pack');
const packName = parsePackId(jsonBlock('meta-pack').key) as PackId;
const footerAt: number = jsonBlock('meta-pack').footerOffset;
const footer = pack.subarray(footerAt, pack.length - 176);
const mark = hexBlock('mark');
const markKey: string = jsonBlock('mark').key;
const manifest = hexBlock('manifest');
const pubId: PubId = jsonBlock('manifest').header.pubId;
const headerBytes = manifest.readUInt32LE(8);
const tombstone = hexBlock('tombstone');
const brokenId: PubId = jsonBlock('tombstone').tombstone.pubId;

const decodeMark = (bytes: Uint8Array): unknown => decodeRecord('mark', markKey, bytes, MarkSchema, blake3);
const decodeImage = (bytes: Uint8Array): unknown => decodeManifest(bytes, pubId, blake3);
const decodePack = (bytes: Buffer): unknown => decodePackTail(bytes, bytes.length, packIdOf(bytes), blake3);

function rejects(t: ExecutionContext, what: string, decode: () => unknown, code?: FormatErrorCode): void {
  const error = t.throws(decode, { instanceOf: FormatError }, what);
  if (code !== undefined) t.is(error?.code, code, what);
}

type Case = readonly [what: string, at: number, field: Uint8Array, code: FormatErrorCode];

const fields: Readonly<Record<string, readonly [Buffer, (bytes: Buffer) => unknown, readonly Case[]]>> = {
  recipe: [
    recipe,
    decodeRecipe,
    [
      ['magic', 0, u32(0), 'bad-magic'],
      ['segment of nothing', 12, u32(0), 'bad-value'],
      ['segment too long', 12, u32(2 ** 20 + 1), 'bad-value'],
      ['segment shorter than its hole', 12, u32(100), 'bad-value'],
      ['too many holes', 16, u32(257), 'too-large'],
      ['too many chunks', 20, u32(2 ** 20 + 1), 'too-large'],
      ['more holes than bytes', 16, u32(2), 'truncated'],
      ['fewer chunks than bytes', 20, u32(0), 'truncated'],
      ['hole off the grid', 24, u32(1), 'bad-value'],
      ['hole of nothing', 28, u32(0), 'bad-value'],
      ['hole ends off the grid', 28, u32(4097), 'bad-value'],
      ['hole beyond the segment', 28, u32(8192), 'bad-value'],
      ['chunk of nothing', 32, u32(0), 'bad-value'],
      ['chunk too short', 32, u32(33), 'bad-value'],
      ['chunk too long', 32, u32(35), 'bad-value'],
    ],
  ],
  page: [
    page,
    decodePage,
    [
      ['magic', 0, u32(0), 'bad-magic'],
      ['no rows', 4, u32(0), 'bad-value'],
      ['too many rows', 4, u32(257), 'bad-value'],
      ['more rows than bytes', 4, u32(2), 'truncated'],
    ],
  ],
  extents: [
    extents,
    decodeExtents,
    [
      ['magic', 0, u32(0), 'bad-magic'],
      ['more extents than bytes', 4, u32(3), 'truncated'],
      ['too many extents', 4, u32(1_000_001), 'too-large'],
      ['extent of nothing', 16, u64(0), 'bad-value'],
      ['touching extents', 24, u64(1536), 'bad-value'],
      ['overlapping extents', 24, u64(1000), 'bad-value'],
      ['offset beyond 2^53', 24, hex('ffffffffffffffff'), 'bad-value'],
      ['end beyond 2^53', 32, u64(2 ** 53 - 1), 'bad-value'],
    ],
  ],
  'pack header': [
    pack.subarray(0, 16),
    checkPackHeader,
    [
      ['magic', 0, u32(0), 'bad-magic'],
      ['version', 8, u32(2), 'bad-version'],
      ['reserved', 12, u32(1), 'bad-value'],
    ],
  ],
  'pack footer': [
    footer,
    (bytes) => decodePackFooter(bytes, footerAt),
    [
      ['magic', 0, u32(0), 'bad-magic'],
      ['unknown kind', 4, u32(3), 'bad-value'],
      ['data pack with recipes', 4, u32(1), 'bad-value'],
      ['no frames', 56, u32(0), 'bad-value'],
      ['too many frames', 56, u32(1025), 'too-large'],
      ['too many entries', 60, u32(16_385), 'too-large'],
      ['more entries than bytes', 60, u32(3), 'truncated'],
      ['frame inside the header', 64, u64(15), 'bad-value'],
      ['frame beyond the footer', 64 + 56, u64(footerAt), 'bad-value'],
      ['frame far beyond', 64 + 56, hex('ffffffffffffffff'), 'bad-value'],
      ['frame over the one before', 64 + 56, u64(20), 'bad-value'],
      ['stored length', 64 + 8, u32(0), 'bad-value'],
      ['stored as it is, in other lengths', 64 + 8, u32(67), 'bad-value'],
      ['plain length', 64 + 12, u32(67), 'bad-value'],
      ['plain length beyond the limit', 64 + 12, u32(2 ** 24 + 1), 'too-large'],
      ['no entries', 64 + 16, u32(0), 'bad-value'],
      ['entries without end', 64 + 16, u32(2 ** 32 - 1), 'bad-value'],
      ['entries of the next frame', 64 + 16, u32(2), 'bad-value'],
      ['unknown codec', 64 + 20, u16(2), 'bad-value'],
      ['chunk in a meta pack', 64 + 22, u16(1), 'bad-value'],
      ['entry kind 0', 64 + 22, u16(0), 'bad-value'],
      ['unknown entry kind', 64 + 22, u16(5), 'bad-value'],
      ['empty entry', 64 + 112, u32(0), 'bad-value'],
    ],
  ],
  'pack trailer': [
    pack,
    decodePack,
    [
      ['magic', pack.length - 176, u32(0), 'bad-magic'],
      ['version', pack.length - 172, u32(2), 'bad-version'],
      ['footer offset', pack.length - 168, u64(footerAt + 1), 'bad-value'],
      ['reserved', pack.length - 156, u32(1), 'bad-value'],
      ['reserved, last byte', pack.length - 140, u32(2 ** 31), 'bad-value'],
      ['signature scheme', pack.length - 104, u32(1), 'bad-value'],
      ['signature', pack.length - 4, u32(1), 'bad-value'],
    ],
  ],
  record: [
    mark,
    (bytes) => decodeMark(resealEnd(bytes)),
    [
      ['magic', 0, u32(0), 'bad-magic'],
      ['version', 4, u16(2), 'bad-version'],
      ['another kind', 6, u16(5), 'misplaced'],
      ['unknown kind', 6, u16(99), 'misplaced'],
      ['key length', 8, u32(2 ** 32 - 1), 'truncated'],
      ['payload length', 12, u32(0), 'truncated'],
      ['key', 16, hex('ff'), 'misplaced'],
      ['payload', 16 + markKey.length, hex('c1'), 'bad-value'],
      ['signature scheme', mark.length - 136, u32(1), 'bad-value'],
    ],
  ],
  manifest: [
    manifest,
    (bytes) => decodeImage(resealManifest(bytes)),
    [
      ['magic', 0, u32(0), 'bad-magic'],
      ['version', 4, u16(2), 'bad-version'],
      ['unknown kind', 6, u16(3), 'bad-value'],
      ['header too long', 8, u32(4 * 2 ** 20 + 1), 'too-large'],
      ['too many pages', 12, u32(262_145), 'too-large'],
      ['more pages than bytes', 12, u32(2), 'truncated'],
      ['too many attachments', 16, u32(1025), 'too-large'],
      ['reserved', 20, u32(1), 'bad-value'],
      ['header', 56, hex('c0'), 'bad-value'],
      ['signature scheme', manifest.length - 136, u32(1), 'bad-value'],
    ],
  ],
};

for (const [structure, [bytes, decode, cases]] of Object.entries(fields)) {
  test(`${structure}: each field out of range`, (t) => {
    t.notThrows(() => decode(Buffer.from(bytes)));
    for (const [what, at, field, code] of cases) {
      rejects(t, what, () => decode(patched(bytes, at, field)), code);
    }
  });
}

const whole: readonly [string, Buffer, (bytes: Buffer) => unknown][] = [
  ['recipe', recipe, decodeRecipe],
  ['page', page, decodePage],
  ['extents', extents, decodeExtents],
  ['pack', pack, (bytes) => decodePackTail(bytes, bytes.length, packName, blake3)],
  ['pack footer', footer, (bytes) => decodePackFooter(bytes, footerAt)],
  ['record', mark, decodeMark],
  ['manifest', manifest, decodeImage],
  ['tombstone', tombstone, (bytes) => decodeTombstone(bytes, brokenId, blake3)],
];

for (const [structure, bytes, decode] of whole) {
  test(`${structure}: each truncation, and bytes behind it`, (t) => {
    for (let length = 0; length < bytes.length; length++) {
      rejects(t, `${length} bytes`, () => decode(bytes.subarray(0, length)));
    }
    rejects(t, 'one byte more', () => decode(Buffer.concat([bytes, zeros(1)])));
  });
}

const flips = (bytes: Buffer): Buffer[] =>
  Array.from(bytes, (byte, at) =>
    [0x01, 0x80].map((bit) => patched(bytes, at, Buffer.of(byte ^ bit))),
  ).flat();

for (const [structure, bytes, decode] of whole.slice(5)) {
  test(`${structure}: each flipped bit is found`, (t) => {
    for (const flipped of flips(bytes)) rejects(t, 'flipped', () => decode(flipped));
  });
}

test('pack: each flipped bit of footer and trailer is found by its name', (t) => {
  for (const flipped of flips(pack.subarray(footerAt))) {
    rejects(t, 'flipped', () => decodePackTail(flipped, pack.length, packName, blake3));
  }
});

const canonical: readonly [string, Buffer, (bytes: Buffer) => Buffer][] = [
  ['recipe', recipe, (bytes) => encodeRecipe(decodeRecipe(bytes), blake3).bytes],
  ['page', page, (bytes) => encodePage(decodePage(bytes))],
  ['extents', extents, (bytes) => encodeExtents(decodeExtents(bytes))],
  ['pack footer', footer, (bytes) => encodePackFooter(decodePackFooter(bytes, footerAt))],
];

for (const [structure, bytes, again] of canonical) {
  test(`${structure}: a flipped bit is refused, or is another value's only encoding`, (t) => {
    for (const flipped of flips(bytes)) {
      try {
        t.deepEqual(again(flipped), flipped);
      } catch (error) {
        t.true(error instanceof FormatError, String(error));
      }
    }
  });
}

test('a sound object under another key is misplaced', (t) => {
  const other = '0'.repeat(32) as PubId;
  rejects(t, 'manifest', () => decodeManifest(manifest, other, blake3), 'misplaced');
  rejects(t, 'tombstone', () => decodeTombstone(tombstone, other, blake3), 'misplaced');
  rejects(t, 'mark', () => decodeRecord('mark', `${markKey}0`, mark, MarkSchema, blake3), 'misplaced');
  rejects(t, 'pack', () => decodePackTail(pack, pack.length, '0'.repeat(64) as PackId, blake3), 'bad-hash');
  rejects(t, 'pack cut in front', () => decodePackTail(pack, pack.length - 1, packName, blake3), 'bad-value');
});

test('an image is no tombstone, and a tombstone no image', (t) => {
  rejects(t, 'image', () => decodeTombstone(manifest, pubId, blake3), 'bad-value');
  rejects(t, 'tombstone', () => decodeManifest(tombstone, brokenId, blake3), 'bad-value');
});

test('a head needs no more than its bytes, and finds its own damage', (t) => {
  const head = manifest.subarray(0, 56 + headerBytes);
  t.is(decodeManifestHead(head, pubId, blake3).kind, 'image');
  for (let length = 0; length < head.length; length += 7) {
    rejects(t, `${length}`, () => decodeManifestHead(head.subarray(0, length), pubId, blake3), 'truncated');
  }
  for (const flipped of flips(head)) rejects(t, 'flipped', () => decodeManifestHead(flipped, pubId, blake3));
});

test('manifest: pages must be as many as the size needs, and bad ranges attached', (t) => {
  const { header } = jsonBlock('manifest');
  const page0 = Buffer.alloc(32, 1);
  const encode = (change: object, pages: number, kinds: number[] = []): Buffer =>
    encodeManifest(
      {
        header: { ...header, ...change },
        pageIds: Array(pages).fill(page0),
        attachments: kinds.map((kind) => ({ kind, id: Buffer.alloc(32, 2) })),
      },
      blake3,
    );
  t.notThrows(() => decodeImage(encode({ size: 0 }, 0)));
  t.notThrows(() => decodeImage(encode({ size: 2 ** 28 }, 1)));
  t.notThrows(() => decodeImage(encode({ size: 2 ** 28 + 1 }, 2)));
  rejects(t, 'too few', () => decodeImage(encode({ size: 2 ** 28 + 1 }, 1)), 'bad-value');
  rejects(t, 'too many', () => decodeImage(encode({ size: 2 ** 28 }, 2)), 'bad-value');
  const badRanges = '02'.repeat(32);
  t.notThrows(() => decodeImage(encode({ badRanges }, 1, [4])));
  rejects(t, 'not attached', () => decodeImage(encode({ badRanges }, 1)), 'bad-value');
  rejects(t, 'of another kind', () => decodeImage(encode({ badRanges }, 1, [3])), 'bad-value');
  const attached = encode({}, 1, [7]);
  t.is(decodeManifest(attached, pubId, blake3).attachments[0]?.kind, 7);
  const reserved = resealEnd(patched(attached, attached.length - 136 - 36, u32(1)));
  rejects(t, 'reserved bytes of an attachment', () => decodeImage(reserved), 'bad-value');
});

test('recipe: holes that touch would be one', (t) => {
  const ids = Buffer.alloc(32);
  const encode = (holes: number[], segmentLength: number, lengths: number[]): Buffer =>
    encodeRecipe({ chunker: '0'.repeat(16), segmentLength, holes, lengths, ids }, blake3).bytes;
  t.notThrows(() => decodeRecipe(encode([0, 8192], 8292, [100])));
  rejects(t, 'at the start', () => decodeRecipe(encode([0, 4096, 4096, 4096], 8292, [100])), 'bad-value');
  rejects(
    t,
    'behind data',
    () => decodeRecipe(encode([4096, 4096, 8192, 4096], 12_288, [4096])),
    'bad-value',
  );
  rejects(t, 'descending', () => decodeRecipe(encode([8192, 4096, 0, 4096], 12_288, [4096])), 'bad-value');
});

test('pack footer: a count of entries is judged before it is walked', (t) => {
  const error = t.throws(() => decodePackFooter(patched(footer, 64 + 16, u32(2 ** 32 - 1)), footerAt), {
    instanceOf: FormatError,
  });
  t.is(error?.offset, 64 + 16);
});
