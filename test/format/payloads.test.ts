/** Payloads: the subset of msgpack, and each record's schema with a sound value and unsound ones. */
import test from 'ava';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import * as v from 'valibot';
import {
  AttestationSchema,
  CondemnedSchema,
  ConfigHeadSchema,
  ConfigSchema,
  checkMark,
  DamagedSchema,
  decodePayload,
  encodePayload,
  FormatError,
  GcRecordSchema,
  LeaseSchema,
  LostSchema,
  MarkSchema,
  NameRecordSchema,
  PinSchema,
  type PubId,
} from '../../store-format/index.js';
import { hex } from './byte-fields.js';
import { holds } from './oracle.js';
import { jsonBlock } from './spec-document.js';

const id16 = 'a1'.repeat(16);
const id32 = 'b2'.repeat(32);
const decode = (bytes: Uint8Array): unknown => decodePayload(bytes, v.any(), 'payload');

test('all encodings of numbers and lengths that msgpack has are read', (t) => {
  const same: readonly [string, unknown][] = [
    ['07', 7],
    ['cc07', 7],
    ['cd0007', 7],
    ['ce00000007', 7],
    ['cf0000000000000007', 7],
    ['d007', 7],
    ['d10007', 7],
    ['d200000007', 7],
    ['d30000000000000007', 7],
    ['cb401c000000000000', 7],
    ['ca40e00000', 7],
    ['ff', -1],
    ['c0', null],
    ['c2', false],
    ['c3', true],
    ['a161', 'a'],
    ['d90161', 'a'],
    ['da000161', 'a'],
    ['db0000000161', 'a'],
    ['9107', [7]],
    ['dc000107', [7]],
    ['dd0000000107', [7]],
    ['81a16107', { a: 7 }],
    ['de0001a16107', { a: 7 }],
    ['df00000001a16107', { a: 7 }],
  ];
  for (const [bytes, value] of same) t.deepEqual(decode(hex(bytes)), value, bytes);
});

test('what is not of the subset is a FormatError', (t) => {
  const bad = {
    nothing: '',
    'two values': '0102',
    'never used': 'c1',
    binary: 'c40161',
    extension: 'd40000',
    timestamp: 'd6ff00000000',
    'record definition': 'd4727201',
    'typed array': 'd57400ff',
    'number key': '810102',
    'nil key': '81c002',
    'key of the prototype': '81a95f5f70726f746f5f5f01',
    'the same key twice': '82a16101a16102',
    'the same key in two encodings': '82a16101d9016102',
    'string too short': 'a261',
    'string much too short': 'dbffffffff61',
    'array too short': 'ddffffffff01',
    'map too short': 'dfffffffffa16101',
    'number too short': 'cf00',
    'length missing': 'dc',
    'key missing': '81',
    'value missing': '81a161',
    'nested without end': `${'91'.repeat(50_000)}00`,
    'nested 17 deep': `${'91'.repeat(17)}00`,
  };
  for (const [what, bytes] of Object.entries(bad)) {
    t.throws(() => decode(hex(bytes)), { instanceOf: FormatError }, what);
  }
  t.notThrows(() => decode(hex(`${'91'.repeat(16)}00`)));
});

test('random bytes give a value or a FormatError', (t) => {
  const tokens = fc.oneof(
    fc.nat(255),
    fc.constantFrom(0x81, 0x91, 0xa1, 0xdc, 0xdd, 0xde, 0xdf, 0xd9, 0xdb, 0),
  );
  const property = fc.property(fc.array(tokens, { maxLength: 40 }), (bytes) => {
    try {
      decode(Buffer.from(bytes));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  });
  holds(t, property, 2000);
});

test('any plain value comes back, and other writers of msgpack are understood', (t) => {
  const plain = new Packr({ useRecords: false });
  const values = fc
    .jsonValue({ maxDepth: 5 })
    .filter((value) => !JSON.stringify(value).includes('__proto__'));
  const property = fc.property(values, (value) => {
    const expected = JSON.parse(JSON.stringify(value));
    t.deepEqual(JSON.parse(JSON.stringify(decode(encodePayload(value)))), expected);
    t.deepEqual(JSON.parse(JSON.stringify(decode(plain.pack(value)))), expected);
  });
  holds(t, property, 100);
});

const config = jsonBlock('config').payload;
const name = jsonBlock('name-record').payload;
const lease = {
  ...{ id: id16, purpose: 'capture', kept: 'beat', startedMs: 1, host: 'h', pid: 2, command: 'c' },
  ...{ images: [id16], beat: 3 },
};
const gc = { lease: id16, startedMs: 1 };
const finished = { atMs: 2, condemnedPacks: 1, unlinkedPacks: 1, rewrittenBytes: 0, freedBytes: 2 ** 40 };

const schemas: readonly [string, v.GenericSchema, object, readonly object[]][] = [
  [
    'config',
    ConfigSchema,
    { ...config, listDelayMs: 5 },
    [
      ...[
        { storeId: 'x' },
        { createdMs: -1 },
        { hash: 'sha256' },
        { segmentBytes: 2 ** 21 },
        { settings: [] },
      ],
      ...[
        { settings: { level: null } },
        { chunker: { ...config.chunker, algorithm: 'other' } },
        { features: {} },
      ],
      { listDelayMs: 0.5 },
      ...[
        { policies: [] },
        { policies: { '': { last: 1 } } },
        { policies: { web: {} } },
        { policies: { web: 7 } },
      ],
    ],
  ],
  [
    'name',
    NameRecordSchema,
    name,
    [
      ...[{ name: '' }, { name: '.web' }, { name: 'a:b' }, { tags: { 'a b': { image: null, at: 1 } } }],
      ...[{ tags: { a: { image: 'x', at: 1 } } }, { tags: { a: { image: null, at: -1 } } }, { tags: [] }],
      ...[{ labels: { [id32]: {} } }, { labels: { [id16]: { a: 1 } } }, { protected: [id32] }],
    ],
  ],
  [
    'mark',
    MarkSchema,
    { image: id16, verdict: 'purged', atMs: 1, by: 'x' },
    [{ image: id32 }, { verdict: 'gone' }, { atMs: 2 ** 53 }, { by: 1 }],
  ],
  [
    'lease',
    LeaseSchema,
    lease,
    [{ id: id32 }, { purpose: '' }, { purpose: 'Gc' }, { kept: 'hope' }, { images: [''] }, { beat: -1 }],
  ],
  ['pin', PinSchema, { id: id16, createdMs: 1, reason: 'r', images: [id16] }, [{ id: '' }, { images: id16 }]],
  ['condemned', CondemnedSchema, { pack: id32, gc: id16, atMs: 1 }, [{ pack: id16 }, { gc: id32 }]],
  [
    'gc',
    GcRecordSchema,
    { ...gc, finished },
    [{ lease: '' }, { finished: {} }, { finished: { ...finished, atMs: '' } }],
  ],
  [
    'lost',
    LostSchema,
    { id: id16, atMs: 1, entries: [{ kind: 1, id: id32 }] },
    [{ entries: [{ kind: 1, id: id16 }] }, { entries: [{ id: id32 }] }],
  ],
  ['damaged', DamagedSchema, { pack: id32, atMs: 1, reason: 'r' }, [{ pack: '' }, { reason: null }]],
  [
    'attestation',
    AttestationSchema,
    { lease: id16, atMs: 1, depth: 'decoded', packs: [id32] },
    [{ depth: 'deep' }, { packs: [id16] }],
  ],
];

for (const [structure, schema, sound, changes] of schemas) {
  test(`${structure}: a sound payload is kept, each unsound field refused`, (t) => {
    t.deepEqual(decodePayload<unknown>(encodePayload(sound), schema, structure), sound);
    const later = { ...sound, later: 1 };
    t.notThrows(() => decodePayload(encodePayload(later), schema, structure));
    for (const change of changes) {
      const bytes = encodePayload({ ...sound, ...change });
      t.throws(
        () => decodePayload(bytes, schema, structure),
        { instanceOf: FormatError, code: 'bad-value' },
        JSON.stringify(change),
      );
    }
    for (const field of Object.keys(sound).filter(
      (key) => !['listDelayMs', 'kept', 'finished'].includes(key),
    )) {
      const bytes = encodePayload({ ...sound, [field]: undefined });
      t.throws(
        () => decodePayload(bytes, schema, structure),
        { instanceOf: FormatError },
        `without ${field}`,
      );
    }
  });
}

test('what may be missing may be missing', (t) => {
  const { kept: _kept, ...short } = lease;
  t.deepEqual(decodePayload<unknown>(encodePayload(short), LeaseSchema, 'lease'), short);
  t.deepEqual(decodePayload<unknown>(encodePayload(gc), GcRecordSchema, 'gc'), gc);
});

test('numbered records keep the fields of later writers', (t) => {
  for (const [schema, value] of [
    [ConfigSchema, { ...config, later: { last: 7 }, policies: { web: { last: 7, sizes: [1] } } }],
    [NameRecordSchema, { ...name, policy: { last: 7 } }],
  ] as const) {
    t.deepEqual(decodePayload<unknown>(encodePayload(value), schema, 'record'), value);
  }
});

test('policies: every rule is kept, unsound ones are refused', (t) => {
  const rules = {
    ...{ last: 1, hourly: 2, daily: 3, weekly: 4, monthly: 5, yearly: 2 ** 53 - 1, withinMs: 1 },
    ...{ tags: ['golden', 'größe'], labels: { site: 'berlin', constructor: '' } },
  };
  const decodePolicies = (policies: object): unknown =>
    (decodePayload(encodePayload({ ...config, policies }), ConfigSchema, 'config') as { policies: unknown })
      .policies;
  t.deepEqual(decodePolicies({ web: rules, 'web*': { daily: 7 }, '{a,b}': { tags: ['x'] } }), {
    ...{ web: rules, 'web*': { daily: 7 }, '{a,b}': { tags: ['x'] } },
  });
  t.deepEqual(decodePolicies({}), {}, 'the last one was taken away');
  t.deepEqual(decodePolicies({ web: { sizes: 1 } }), { web: { sizes: 1 } }, 'a rule of a later version');
  for (const field of ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly', 'withinMs']) {
    for (const value of [0, -1, 1.5, 2 ** 53, '7', null]) {
      t.throws(
        () => decodePolicies({ web: { [field]: value } }),
        { instanceOf: FormatError },
        `${field} ${value}`,
      );
    }
  }
  for (const wrong of [
    ...[{ tags: [] }, { tags: 'x' }, { tags: ['a b'] }, { tags: [1] }, { tags: Array(1025).fill('x') }],
    ...[{ labels: {} }, { labels: { '': 'x' } }, { labels: { a: 1 } }, { labels: [] }],
  ]) {
    t.throws(() => decodePolicies({ web: wrong }), { instanceOf: FormatError }, JSON.stringify(wrong));
  }
  const many = (n: number) =>
    Object.fromEntries(Array.from({ length: n }, (_, i) => [`web${i}`, { last: 1 }]));
  t.notThrows(() => decodePolicies(many(1024)));
  t.throws(() => decodePolicies(many(1025)), { instanceOf: FormatError });
  t.throws(() => decodePolicies({ ['x'.repeat(256)]: { last: 1 } }), { instanceOf: FormatError });
});

test('the flags of a config that is otherwise unknown can be read', (t) => {
  const features = { read: ['sealed'], write: [], collect: ['parity'] };
  const later = { storeId: id16, features, chunker: { algorithm: 'other' }, hash: 'k12' };
  t.deepEqual(decodePayload(encodePayload(later), ConfigHeadSchema, 'config'), { storeId: id16, features });
});

test('marks: odd numbers remove, even ones decide', (t) => {
  const image = id16 as PubId;
  const mark = (verdict: 'removed' | 'restored' | 'purged') => ({ image: id16, verdict, atMs: 1, by: '' });
  for (const n of [1, 3]) t.notThrows(() => checkMark(image, n, mark('removed')));
  for (const n of [2, 4]) t.notThrows(() => checkMark(image, n, mark('restored')));
  t.notThrows(() => checkMark(image, 2, mark('purged')));
  for (const [n, verdict] of [
    [1, 'purged'],
    [1, 'restored'],
    [2, 'removed'],
  ] as const) {
    t.throws(() => checkMark(image, n, mark(verdict)), { instanceOf: FormatError });
  }
  t.throws(() => checkMark('c3'.repeat(16) as PubId, 1, mark('removed')), { instanceOf: FormatError });
});
