/** Which packs a scrub reads, and in which order: a pure choice. */
import test from 'ava';
import type { LastChecks } from '../../src/packs/last-checks.js';
import { choosePacks } from '../../src/scrub/choose-packs.js';
import type { PackId } from '../../store-format/index.js';

const NOW = 1_000_000;
const pack = (name: string, packBytes = 100) => ({ id: name as PackId, packBytes });
const PACKS = [pack('d'), pack('a'), pack('c'), pack('b')];

interface Checked {
  readonly stored?: Record<string, number>;
  readonly decoded?: Record<string, number>;
  readonly began?: number;
}

const checks = ({ stored = {}, decoded = {}, began }: Checked = {}): LastChecks => ({
  checkedMs: (id, depth) => (depth === 'stored' ? stored : decoded)[id],
  wasDecoded: (id) => id in decoded,
  latestStartMs: began,
});
const names = (chosen: readonly { readonly id: string }[]) => chosen.map(({ id }) => id).join('');

test('what was never checked comes first, then what was checked longest ago; equals by name', (t) => {
  const last = checks({ decoded: { a: 900, b: 100 } });
  t.is(names(choosePacks(PACKS, last, {}, NOW)), 'cdba');
  t.is(names(choosePacks(PACKS, checks(), {}, NOW)), 'abcd');
});

test('a fraction takes packs until their bytes are enough, and at least one', (t) => {
  const choose = (fraction: number) => names(choosePacks(PACKS, checks(), { fraction }, NOW));
  t.is(choose(0), '');
  t.is(choose(0.01), 'a');
  t.is(choose(0.25), 'a');
  t.is(choose(0.26), 'ab');
  t.is(choose(1), 'abcd');
});

test('fractions of 1/7 go through a store in seven runs, whatever the sizes', (t) => {
  const packs = Array.from({ length: 40 }, (_, i) => pack(`p${i}`, 1 + ((i * 37) % 64)));
  const decoded: Record<string, number> = {};
  for (let run = 1; run <= 7; run++) {
    for (const { id } of choosePacks(packs, checks({ decoded }), { fraction: 1 / 7 }, NOW)) decoded[id] = run;
  }
  t.is(Object.keys(decoded).length, packs.length);
});

test('older-than leaves out what was checked since; never checked is older than anything', (t) => {
  const last = checks({ decoded: { a: NOW - 10, b: NOW - 11, c: NOW - 500 } });
  t.is(names(choosePacks(PACKS, last, { olderThanMs: 10 }, NOW)), 'dcb');
});

test('resume passes by what the scrub that began last has checked', (t) => {
  const last = checks({ decoded: { a: 700, b: 499, c: 500 }, began: 500 });
  t.is(names(choosePacks(PACKS, last, { resume: true }, NOW)), 'db');
  t.is(names(choosePacks(PACKS, checks(), { resume: true }, NOW)), 'abcd', 'nothing to go on with: all');
});

test('each depth has its own checks', (t) => {
  const last = checks({ stored: { a: NOW }, decoded: { b: NOW } });
  t.is(names(choosePacks(PACKS, last, { olderThanMs: 10, depth: 'stored' }, NOW)), 'bcd');
  t.is(names(choosePacks(PACKS, last, { olderThanMs: 10 }, NOW)), 'acd');
});

test('choices narrow each other: a fraction is one of the whole store, taken from what is due', (t) => {
  const last = checks({ decoded: { a: NOW, b: NOW - 100 } });
  t.is(names(choosePacks(PACKS, last, { olderThanMs: 10, fraction: 0.5 }, NOW)), 'cd');
});
