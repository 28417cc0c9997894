/** Names that people give, and keys both ways. */
import test from 'ava';
import {
  attestedKey,
  condemnedKey,
  configKey,
  damagedKey,
  gcKey,
  imageKey,
  isName,
  type LeaseId,
  leaseKey,
  lostKey,
  markKey,
  nameKey,
  type PackId,
  packKey,
  parseLeaseId,
  parseMark,
  parseNumber,
  parsePackId,
  pinKey,
} from '../../store-format/index.js';

const lease = '0123456789abcdef0123456789abcdef' as LeaseId;
const pack = 'fe'.repeat(32) as PackId;

test('names', (t) => {
  const good = [
    'web',
    'Web-01',
    'a',
    '0',
    'größe',
    'データ',
    'x.y_z-1',
    'a'.repeat(255),
    'constructor',
    '१२',
  ];
  for (const name of good) t.true(isName(name), name);
  const bad = [
    ...['', '.', '.web', '-web', '_web', 'a b', 'a:b', 'a~1', 'a@b', 'a/b', 'a\n', 'a\0', '😀', '__proto__'],
    ...['gro\u0308ße', '\u0301a', 'a'.repeat(256), 'ä'.repeat(128), '\ud800'],
  ];
  for (const name of bad) t.false(isName(name), JSON.stringify(name));
});

test('keys are what SPEC.md says', (t) => {
  t.deepEqual(
    [packKey(pack), imageKey(lease), leaseKey(lease), pinKey(lease), condemnedKey(pack), damagedKey(pack)],
    [
      ...[`packs/fe/${pack}`, `images/${lease}`, `leases/${lease}`, `pins/${lease}`],
      ...[`condemned/${pack}`, `damaged/${pack}`],
    ],
  );
  t.deepEqual(
    [markKey(lease, 3), configKey(1), gcKey(12), nameKey('tags/x', 7), lostKey(lease), attestedKey(lease)],
    [
      ...[`removed/${lease}.3`, 'config/0000000001', 'gc/0000000012', 'tags/x/0000000007'],
      ...[`lost/${lease}`, `attested/${lease}`],
    ],
  );
});

test('keys are read back', (t) => {
  for (const key of [packKey(pack), condemnedKey(pack), damagedKey(pack)]) t.is(parsePackId(key), pack);
  for (const key of [imageKey(lease), leaseKey(lease), pinKey(lease), lostKey(lease), attestedKey(lease)]) {
    t.is(parseLeaseId(key), lease);
  }
  for (const n of [1, 2, 999_999_999]) {
    t.is(parseNumber(configKey(n)), n);
    t.is(parseNumber(gcKey(n)), n);
    t.deepEqual(parseMark(markKey(lease, n)), { image: lease, n });
  }
});

test('other names are no keys', (t) => {
  for (const key of [
    ...[`packs/00/${pack}`, `packs/${pack}`, `packs/fe/${pack.toUpperCase()}`, `packs/fe/${lease}`],
    ...[`packs/fe/${pack}.tmp`, 'packs/fe/', `packs/fe/.${pack.slice(1)}`],
  ]) {
    t.is(parsePackId(key), undefined, key);
  }
  for (const key of [`images/${pack}`, `images/${lease}~`, 'images/', `images/${lease.slice(1)}`]) {
    t.is(parseLeaseId(key), undefined, key);
  }
  for (const key of ['config/0000000000', 'config/1', 'config/00000000001', 'config/000000000a']) {
    t.is(parseNumber(key), undefined, key);
  }
  for (const n of ['0', '01', '', '-1', '1.2', '1000000000', 'x']) {
    t.is(parseMark(`removed/${lease}.${n}`), undefined, n);
  }
  t.is(parseMark(`images/${lease}.1`), undefined);
});
