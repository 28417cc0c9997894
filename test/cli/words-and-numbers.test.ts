import test from 'ava';
import { formatBytes, formatDuration, formatShare, formatTime, formatWork } from '../../cli/format.js';
import {
  collectLabel,
  integerBetween,
  parseDuration,
  parseLabelChanges,
  parseSize,
  parseSizeOrZero,
  splitNameAndTag,
} from '../../cli/option-values.js';
import { printable, printableLine } from '../../cli/printable.js';
import { findOptionValue, scanArguments } from '../../cli/scan-arguments.js';
import { renderFields, renderTable } from '../../cli/table.js';

test('sizes as options', (t) => {
  t.is(parseSize('65536'), 65536);
  t.is(parseSize('16K'), 16384);
  t.is(parseSize('16k'), 16384);
  t.is(parseSize('16KiB'), 16384);
  t.is(parseSize('1M'), 1048576);
  t.is(parseSize('2 GiB'), 2 ** 31);
  for (const wrong of ['', '0', '-1', '1.5K', 'K', '16X', '16KB2', '99999999999G', '1e3']) {
    t.throws(() => parseSize(wrong), { message: /Give a size/ }, wrong);
  }
});

test('sizes that may be nothing', (t) => {
  t.is(parseSizeOrZero('0'), 0);
  t.is(parseSizeOrZero('500M'), 500 * 1024 ** 2);
  for (const wrong of ['', '00', '-1', '0K'])
    t.throws(() => parseSizeOrZero(wrong), { message: /Give a size/ }, wrong);
});

test('durations as options', (t) => {
  t.is(parseDuration('0'), 0);
  t.is(parseDuration('30s'), 30_000);
  t.is(parseDuration('90m'), 5_400_000);
  t.is(parseDuration('24h'), parseDuration('1d'));
  t.is(parseDuration('7d'), 604_800_000);
  for (const wrong of ['', '7', 'd', '-1d', '1.5h', '1w', '1 d', '99999999999999d', '1h30m'])
    t.throws(() => parseDuration(wrong), { message: /Give a duration/ }, wrong);
});

test('whole numbers as options', (t) => {
  const level = integerBetween(1, 19);
  t.is(level('1'), 1);
  t.is(level('19'), 19);
  for (const wrong of ['0', '20', '-3', '3.5', '', 'x', '0x3', ' 3'])
    t.throws(() => level(wrong), undefined, wrong);
});

test('labels', (t) => {
  t.deepEqual(collectLabel('b=2', collectLabel('a=1=x')), { a: '1=x', b: '2' });
  t.deepEqual(collectLabel('a='), { a: '' });
  t.throws(() => collectLabel('=x'));
  t.throws(() => collectLabel('a'));
  t.deepEqual(parseLabelChanges(['a=1', 'b-', 'c=x-', 'd-e-']), { a: '1', b: null, c: 'x-', 'd-e': null });
  for (const wrong of [['a'], ['=x'], ['-'], ['a=1', 'a-']]) t.throws(() => parseLabelChanges(wrong));
  t.true(Object.hasOwn(parseLabelChanges(['__proto__=1']), '__proto__'));
});

test('a name and its tag', (t) => {
  t.deepEqual(splitNameAndTag('web'), { name: 'web' });
  t.deepEqual(splitNameAndTag('web:stable'), { name: 'web', tag: 'stable' });
  t.deepEqual(splitNameAndTag('web:'), { name: 'web', tag: '' });
});

test('the first look at the command line', (t) => {
  const none = { json: false, imageOnStdout: false };
  t.deepEqual(scanArguments([]), { operands: [], ...none });
  t.deepEqual(scanArguments(['--store', 'ls', 'show', 'web']), { operands: ['show', 'web'], ...none });
  t.deepEqual(scanArguments(['ls', '--json']), { operands: ['ls'], json: true, imageOnStdout: false });
  t.deepEqual(scanArguments(['restore', 'a', '-']), {
    operands: ['restore', 'a', '-'],
    json: false,
    imageOnStdout: true,
  });
  t.false(scanArguments(['capture', '-', 'a']).imageOnStdout);
  t.deepEqual(scanArguments(['show', '--', '--json']), { operands: ['show', '--json'], ...none });
});

test('the store among unfinished words', (t) => {
  t.is(findOptionValue(['show', '--store', 'x'], '--store'), 'x');
  t.is(findOptionValue(['--store=y', 'show'], '--store'), 'y');
  t.is(findOptionValue(['show', '--store'], '--store'), undefined);
  t.is(findOptionValue(['show', '--', '--store', 'x'], '--store'), undefined);
});

test('numbers for people', (t) => {
  t.is(formatBytes(1536), '1.5 KiB');
  t.is(formatBytes(0), '0 B');
  t.is(formatDuration(4.23), '4.2 s');
  t.is(formatDuration(59.97), '1:00 min');
  t.is(formatDuration(75), '1:15 min');
  t.is(formatDuration(3700), '1:01:40 h');
  t.is(formatWork(2 ** 30, 4), '1 GiB in 4.0 s (256 MiB/s)');
  t.is(formatWork(0, 2), '0 B in 2.0 s');
  t.is(formatShare(1, 3), '33.3 %');
  t.is(formatShare(99_999, 100_000), '99.9 %');
  t.is(formatShare(3, 3), '100 %');
  t.is(formatShare(0, 0), '-');
  t.is(formatTime(new Date(2025, 2, 1, 4, 5)), '2025-03-01 04:05');
});

test('foreign text cannot speak to the terminal', (t) => {
  t.is(printable('a\x1b[31mb\u202ec\n'), 'a\\u{1b}[31mb\\u{202e}c\n');
  t.is(printableLine('a\nb\tc'), 'a\\nb\\u{9}c');
  t.is(printable('größe 名前'), 'größe 名前');
});

test('tables have no trailing blanks and line up', async (t) => {
  const table = await renderTable(
    [{ title: 'NAME' }, { title: 'SIZE', align: 'right' }, { title: 'TAGS' }],
    [
      ['web', '3 GiB', ''],
      ['mail-server', '512 B', 'x\x1b'],
    ],
  );
  t.is(table, 'NAME          SIZE  TAGS\nweb          3 GiB\nmail-server  512 B  x\\u{1b}\n');
  t.is(
    renderFields([
      ['a', '1'],
      ['long', undefined],
      ['bcd', '2'],
    ]),
    '  a    1\n  bcd  2\n',
  );
});
