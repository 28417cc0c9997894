/** Texts: keys of objects, names, references, what options say, and lists of changed ranges. */
import assert from 'node:assert/strict';
import { InvalidArgumentError } from 'commander';
import {
  collectLabel,
  integerBetween,
  parseDuration,
  parseLabelChanges,
  parseSize,
  parseSizeOrZero,
  splitNameAndTag,
} from '../../../cli/option-values.js';
import { printable, printableLine } from '../../../cli/printable.js';
import { UsageError } from '../../../cli/report-error.js';
import { findOptionValue, scanArguments } from '../../../cli/scan-arguments.js';
import { ChangedRanges, parseChangedRanges } from '../../../src/capture/changed-ranges.js';
import { StoreError } from '../../../src/errors.js';
import { checkName, checkWords, parseReference } from '../../../src/images/reference.js';
import {
  configKey,
  isName,
  leaseKey,
  markKey,
  packKey,
  parseLeaseId,
  parseMark,
  parseNumber,
  parsePackId,
} from '../../../store-format/index.js';
import type { Random } from '../../simulation/random.js';
import { STRUCTURE_BOUNDS, type Target, target } from '../target.js';

const ID16 = 'a1b2c3d4e5f60718293a4b5c6d7e8f90';
const ID32 = ID16 + ID16;
const DISK_BYTES = 2 ** 30;
const SEGMENT_BYTES = 2 ** 20;
const texts = (...list: string[]) => list.map((text) => Buffer.from(text));
/** Strings of JavaScript are not bytes, and objects of JSON are not small. */
const bounds = { ...STRUCTURE_BOUNDS, bytesPerByte: 256 };

function storeRejection(error: unknown): string | undefined {
  return error instanceof StoreError ? error.code : undefined;
}

export const TEXT_TARGETS: readonly Target[] = [
  target({
    name: 'keys',
    share: 10,
    bounds,
    seeds: () =>
      texts(
        ...[`packs/a1/${ID32}`, `condemned/${ID32}`, `images/${ID16}`, `removed/${ID16}.1`, `leases/${ID16}`],
        ...[`removed/${ID16}.12`, 'config/0000000001', `tags/${ID32}/0000000012`, 'gc/9999999999'],
      ),
    rejection: () => undefined,
    decode: (input) => {
      const key = input.toString('latin1');
      return {
        key,
        pack: parsePackId(key),
        lease: parseLeaseId(key),
        n: parseNumber(key),
        mark: parseMark(key),
      };
    },
    check: (_, { key, pack, lease, n, mark }) => {
      if (pack !== undefined && key.startsWith('packs/')) assert.equal(packKey(pack), key);
      if (lease !== undefined) assert.ok(key.endsWith(leaseKey(lease).slice('leases/'.length)));
      if (n !== undefined) assert.ok(n > 0 && key.endsWith(configKey(n).slice('config/'.length)));
      if (mark !== undefined) assert.equal(markKey(mark.image, mark.n), key);
    },
  }),
  target({
    name: 'names',
    share: 8,
    bounds,
    seeds: () =>
      texts(
        'web',
        'web~1',
        'web:stable',
        'web@3f2a',
        '@3f2a',
        'länge',
        'la\u0308nge',
        '1.0-rc_2',
        'a'.repeat(255),
      ),
    mutate: mutateText,
    rejection: storeRejection,
    decode: (input) => {
      const text = input.toString('utf8');
      const is = isName(text);
      return {
        text,
        is,
        reference: attempt(() => parseReference(text)),
        name: attempt(() => checkName(text, 'tag')),
      };
    },
    check: (_, { text, is, reference, name }) => {
      if (is)
        assert.ok(text === text.normalize('NFC') && Buffer.byteLength(text) <= 255 && !/[:~@/\0]/.test(text));
      if (is) assert.deepEqual(reference, { kind: 'version', name: text, back: 0 });
      if (text.length <= 1000) assert.equal(name === undefined, !isName(text.normalize('NFC')));
    },
  }),
  target({
    name: 'words',
    share: 2,
    bounds,
    seeds: () =>
      texts(
        'site=lab',
        'rack-',
        'a=b=c',
        '__proto__=x',
        'description of it',
        '\u001b[1m',
        'x'.repeat(65_000),
      ),
    mutate: mutateText,
    rejection: storeRejection,
    decode: (input) => {
      const text = input.toString('utf8');
      const words = { labels: { [text.slice(0, 300)]: text }, description: text, sourceName: text };
      return {
        text,
        shown: printableLine(text),
        many: printable(text),
        words: attempt(() => checkWords(words)),
      };
    },
    check: (_, { shown }) => assert.ok(!/[\p{Cc}\u2028\u2029\u202e]/u.test(shown)),
  }),
  target({
    name: 'options',
    share: 3,
    bounds,
    seeds: () =>
      texts(
        '16K',
        '1 MiB',
        '65536',
        '0',
        '90m',
        '24h',
        'site=lab',
        'rack-',
        'web:stable',
        '--store\0x\0ls',
        '9007199254740991',
      ),
    mutate: mutateText,
    rejection: (error) =>
      error instanceof InvalidArgumentError || error instanceof UsageError ? 'usage' : undefined,
    decode: (input) => {
      const text = input.toString('utf8');
      const words = text.split('\0');
      return {
        words,
        sizes: [parseSize, parseSizeOrZero, parseDuration, integerBetween(1, 64)].map((parse) =>
          usage(() => parse(text)),
        ),
        label: usage(() => collectLabel(text)),
        changes: usage(() => parseLabelChanges(words)),
        name: splitNameAndTag(text),
        scan: scanArguments(words),
        store: findOptionValue(words, '--store'),
      };
    },
    check: (_, { sizes, scan, words }) => {
      for (const size of sizes) assert.ok(size === undefined || (Number.isSafeInteger(size) && size >= 0));
      assert.ok(scan.operands.every((word) => words.includes(word)));
    },
  }),
  target({
    name: 'changed-ranges',
    share: 4,
    bounds,
    seeds: () =>
      texts(
        '[{"offset":0,"length":4096,"exists":"true"},{"offset":1048576,"length":1}]',
        '{"ranges":[{"offset":5,"length":9007199254740000},{"offset":4,"length":7}]}',
        '[]',
        '{"ranges":[{"offset":1e3,"length":1.0},{"offset":9007199254740991,"length":0}],"more":[[[]]]}',
      ),
    rejection: storeRejection,
    decode: (input) => parseChangedRanges(input.toString('utf8')),
    check: (_, ranges) => {
      const changed = new ChangedRanges(ranges, DISK_BYTES);
      let at = 0;
      for (const { first, end, touched } of changed.runs()) {
        assert.ok(first === at && end > first, 'Runs are not in order');
        if (touched && end - first < 64)
          for (let segment = first; segment < end; segment++)
            assert.ok(changed.within(segment * SEGMENT_BYTES, (segment + 1) * SEGMENT_BYTES).length > 0);
        at = end;
      }
      assert.equal(at, DISK_BYTES / SEGMENT_BYTES);
    },
  }),
];

/** A part that throws the error it may; another error goes on its way. */
function attempt<T>(parse: () => T): T | undefined {
  return unless(parse, (error) => storeRejection(error) !== undefined);
}

function usage<T>(parse: () => T): T | undefined {
  return unless(parse, (error) => error instanceof InvalidArgumentError || error instanceof UsageError);
}

function unless<T>(parse: () => T, isExpected: (error: unknown) => boolean): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (isExpected(error)) return undefined;
    throw error;
  }
}

const PIECES = [
  ...[
    '\u0301\u0323'.repeat(50),
    'ä',
    '\u0308',
    '\u{1f600}',
    '\ud800',
    '\u200e',
    '\u202e',
    '\u2028',
    '\ufb03',
    'ſ',
  ],
  ...[
    '~1',
    ':',
    '@',
    '@3f2a',
    '=',
    '-',
    '--',
    '--store',
    '\0',
    '0',
    '9'.repeat(20),
    'K',
    'MiB',
    'h',
    '__proto__',
  ],
];

function mutateText(input: Buffer, random: Random): Buffer {
  const text = input.toString('utf8');
  const at = random.below(text.length + 1);
  const end = random.chance(0.5) ? at : Math.min(text.length, at + random.below(8));
  return Buffer.from(text.slice(0, at) + random.pick(PIECES) + text.slice(end));
}
