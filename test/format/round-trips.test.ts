/** What is encoded is decoded again, whatever the value; what is mutated is refused or says the same both ways. */
import test from 'ava';
import fc from 'fast-check';
import {
  decodeExtents,
  decodeManifest,
  decodePackFooter,
  decodePackTail,
  decodePage,
  decodeRecipe,
  decodeRecord,
  type EntryKind,
  encodeExtents,
  encodeManifest,
  encodePackFooter,
  encodePackHeader,
  encodePackTrailer,
  encodePackTrailerStart,
  encodePage,
  encodeRecipe,
  encodeRecord,
  FormatError,
  type Frame,
  FrameCodec,
  fromHex,
  type LeaseId,
  NameRecordSchema,
  type PackFooter,
  type PubId,
  packId,
} from '../../store-format/index.js';
import { blake3, holds, sha } from './oracle.js';
import { hexBlock, jsonBlock } from './spec-document.js';

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const hexId = (length: number): fc.Arbitrary<string> =>
  bytes(length).map((id) => Buffer.from(id).toString('hex'));

/** A segment as alternating spans: blocks of hole, and data of chunks. */
const recipes = fc
  .record({
    chunker: hexId(8),
    spans: fc.array(fc.tuple(fc.nat(6), fc.array(fc.integer({ min: 1, max: 9000 }), { maxLength: 4 })), {
      minLength: 1,
      maxLength: 8,
    }),
    seed: fc.nat(),
  })
  .map(({ chunker, spans, seed }) => {
    const holes: number[] = [];
    const lengths: number[] = [];
    let at = 0;
    for (const [holeBlocks, chunks] of spans) {
      if (holeBlocks > 0 && (at === 0 || holes.at(-2)! + holes.at(-1)! !== at)) {
        holes.push(at, 4096 * holeBlocks);
        at += 4096 * holeBlocks;
      }
      const run = chunks.reduce((sum, length) => sum + length, 0);
      if (run === 0) continue;
      const padding = (4096 - (run % 4096)) % 4096;
      lengths.push(...chunks, ...(padding > 0 ? [padding] : []));
      at += run + padding;
    }
    const ids = Buffer.concat(lengths.map((_, i) => sha(Buffer.from(`${seed} ${i}`))));
    return { chunker, segmentLength: at, holes, lengths, ids };
  })
  .filter(({ segmentLength }) => segmentLength > 0 && segmentLength <= 2 ** 20);

test('recipes', (t) => {
  const property = fc.property(recipes, (columns) => {
    const recipe = decodeRecipe(encodeRecipe(columns, blake3).bytes);
    t.deepEqual(
      { ...recipe, holes: [...recipe.holes], lengths: [...recipe.lengths], ids: Buffer.from(recipe.ids) },
      { ...columns, offsets: recipe.offsets },
    );
    const covered = [...recipe.lengths].reduce((sum, length) => sum + length, 0);
    const empty = columns.holes.reduce((sum, value, i) => sum + (i % 2 === 1 ? value : 0), 0);
    t.is(covered + empty, columns.segmentLength);
  });
  holds(t, property, 100);
});

test('pages', (t) => {
  const pages = fc
    .integer({ min: 1, max: 256 })
    .chain((rows) =>
      fc.record({ rows: fc.constant(rows), recipeIds: bytes(32 * rows), segmentDigests: bytes(32 * rows) }),
    );
  const property = fc.property(pages, (page) => t.deepEqual(decodePage(encodePage(page)), buffers(page)));
  holds(t, property, 30);
});

function buffers(page: { rows: number; recipeIds: Uint8Array; segmentDigests: Uint8Array }): object {
  return {
    rows: page.rows,
    recipeIds: Buffer.from(page.recipeIds),
    segmentDigests: Buffer.from(page.segmentDigests),
  };
}

test('extent lists', (t) => {
  const extents = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 2 ** 40 }), fc.integer({ min: 1, max: 2 ** 40 })), {
      maxLength: 50,
    })
    .map((gaps) => {
      let at = -1;
      return gaps.map(([gap, length]) => {
        const offset = at + gap;
        at = offset + length;
        return { offset, length };
      });
    });
  holds(
    t,
    fc.property(extents, (list) => t.deepEqual(decodeExtents(encodeExtents(list)), list)),
  );
});

const footers = fc
  .record({
    kind: fc.constantFrom(1 as const, 2 as const),
    salt: bytes(32),
    lease: hexId(16),
    frames: fc.array(
      fc.record({
        gap: fc.nat(100),
        codec: fc.constantFrom(FrameCodec.stored, FrameCodec.zstd),
        stored: fc.integer({ min: 1, max: 5000 }),
        lengths: fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 20 }),
        meta: fc.constantFrom(2 as const, 3 as const, 4 as const),
      }),
      { minLength: 1, maxLength: 12 },
    ),
  })
  .map(({ kind, salt, lease, frames }) => {
    let end = 16;
    const rows = frames.map(({ gap, codec, stored, lengths, meta }): Frame => {
      const plainBytes = lengths.reduce((sum, length) => sum + length, 0);
      const storedBytes = codec === FrameCodec.stored ? plainBytes : stored;
      const offset = end + gap;
      end = offset + storedBytes;
      const entryKind: EntryKind = kind === 1 ? 1 : meta;
      return { offset, storedBytes, plainBytes, entries: lengths.length, codec, kind: entryKind, hash: salt };
    });
    const lengths = Uint32Array.from(frames.flatMap((frame) => frame.lengths));
    const ids = Buffer.concat(Array.from(lengths, (_, i) => sha(salt, Buffer.of(i & 255, i >> 8))));
    const footer: PackFooter = { kind, salt, lease: lease as LeaseId, frames: rows, lengths, ids };
    return { footer, end };
  });

test('pack tails: all of the file, or the end of it', (t) => {
  const property = fc.property(footers, fc.nat(40), ({ footer, end }, padding) => {
    const bytesOfFooter = encodePackFooter(footer);
    const footerOffset = end + padding;
    const start = encodePackTrailerStart(footerOffset, bytesOfFooter.length);
    const body = Buffer.alloc(footerOffset);
    body.set(encodePackHeader());
    const trailer = encodePackTrailer(start, sha(body, bytesOfFooter, start));
    const pack = Buffer.concat([body, bytesOfFooter, trailer]);
    const id = packId(bytesOfFooter, trailer, blake3);
    for (const from of [0, footerOffset]) {
      const tail = decodePackTail(pack.subarray(from), pack.length, id, blake3);
      t.is(tail.footerOffset, footerOffset);
      t.deepEqual(encodePackFooter(tail.footer), bytesOfFooter);
      t.is(tail.footer.lengths.length, footer.lengths.length);
      t.is(tail.footer.frames.length, footer.frames.length);
    }
  });
  holds(t, property, 60);
});

/** Strings that JavaScript's objects know are honest tags and labels. */
const tags = fc.oneof(
  fc.constantFrom('constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'länge', '1.0-rc_2'),
  fc.stringMatching(/^[a-z0-9][a-zA-Z0-9._-]{0,20}$/),
);
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const labels = fc.dictionary(fc.oneof(tags, text), text, { noNullPrototype: true }).filter(isPlain);

function isPlain(map: Record<string, unknown>): boolean {
  return Object.keys(map).every((key) => key.length > 0 && key.length < 256 && key !== '__proto__');
}

test('name records, with fields of a later writer', (t) => {
  const records = fc.record({
    name: tags,
    tags: fc.dictionary(
      tags,
      fc.record({ image: fc.option(hexId(16)), at: fc.maxSafeNat() }, { noNullPrototype: true }),
      { noNullPrototype: true },
    ),
    labels: fc.dictionary(hexId(16), labels, { noNullPrototype: true }),
    protected: fc.array(hexId(16)),
    later: fc.jsonValue({ noUnicodeString: false, maxDepth: 4 }).filter((value) => !hasProto(value)),
  });
  const key = 'tags/x/0000000001';
  const property = fc.property(records, (record) => {
    const encoded = encodeRecord('name', key, record, blake3);
    const decoded = decodeRecord('name', key, encoded, NameRecordSchema, blake3);
    t.deepEqual(JSON.parse(JSON.stringify(decoded)), JSON.parse(JSON.stringify(record)));
  });
  holds(t, property, 60);
});

function hasProto(value: unknown): boolean {
  return JSON.stringify(value).includes('__proto__');
}

test('manifests', (t) => {
  const { header } = jsonBlock('manifest');
  const manifests = fc.record({
    size: fc.integer({ min: 0, max: 2 ** 34 }),
    name: tags,
    tag: fc.option(tags, { nil: undefined }),
    description: fc.option(text, { nil: undefined }),
    labels,
    createdMs: fc.maxSafeNat(),
    attachments: fc.array(fc.record({ kind: fc.integer({ min: 0, max: 2 ** 32 - 1 }), id: bytes(32) }), {
      maxLength: 3,
    }),
  });
  const property = fc.property(manifests, ({ attachments, ...fields }) => {
    const pages = Math.ceil(fields.size / 2 ** 28);
    const pageIds = Array.from({ length: pages }, (_, i) => sha(Buffer.of(i)));
    const encoded = encodeManifest({ header: { ...header, ...fields }, pageIds, attachments }, blake3);
    const decoded = decodeManifest(encoded, header.pubId as PubId, blake3);
    t.deepEqual(decoded.header, JSON.parse(JSON.stringify({ ...header, ...fields })));
    t.deepEqual(decoded.pageIds.map(Buffer.from), pageIds);
    t.deepEqual(
      decoded.attachments.map(({ kind, id }) => [kind, Buffer.from(id)]),
      attachments.map(({ kind, id }) => [kind, Buffer.from(id)]),
    );
  });
  holds(t, property, 60);
});

const decoders: readonly [string, Buffer, (input: Buffer) => unknown][] = [
  ['recipe', hexBlock('recipe'), (input) => decodeRecipe(input)],
  ['page', hexBlock('page'), (input) => decodePage(input)],
  ['extents', hexBlock('extents'), (input) => decodeExtents(input)],
  ['footer', hexBlock('meta-pack').subarray(152, 436), (input) => decodePackFooter(input, 152)],
];

for (const [name, sound, decode] of decoders) {
  test(`${name}: random and mutated bytes give a value or a FormatError`, (t) => {
    const mutated = fc
      .array(fc.tuple(fc.nat(sound.length - 1), fc.oneof(fc.nat(255), fc.constantFrom(0, 255, 128))), {
        minLength: 1,
        maxLength: 6,
      })
      .map((changes) => {
        const copy = Buffer.from(sound);
        for (const [at, byte] of changes) copy[at] = byte;
        return copy;
      });
    const noise = fc
      .tuple(fc.boolean(), fc.uint8Array({ maxLength: 300 }))
      .map(([magic, tail]) => Buffer.concat([sound.subarray(0, magic ? 4 : 0), tail]));
    const property = fc.property(fc.oneof(mutated, noise), (input) => {
      try {
        decode(input);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
      }
    });
    holds(t, property, 500);
  });
}

test('ids travel as hex both ways', (t) => {
  holds(
    t,
    fc.property(hexId(32), (id) => t.is(Buffer.from(fromHex(id)).toString('hex'), id)),
    20,
  );
});
