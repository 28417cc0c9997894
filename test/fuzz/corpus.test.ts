/** Every kept input still does what it did: what once broke a contract keeps it, and rare branches stay in reach. */
import test from 'ava';
import { corpusOf, corpusTargets } from './corpus.js';
import { judge } from './judge.js';
import { TARGETS, targetNamed } from './targets/index.js';

const MAX_CORPUS_BYTES = 300 * 1024;

for (const name of corpusTargets()) {
  test.serial(`${name}: kept inputs`, async (t) => {
    const kept = corpusOf(name);
    t.true(kept.length > 0);
    for (const { name: what, expected, bytes } of kept) {
      const verdict = await judge(targetNamed(name), bytes, 'exact');
      t.is(verdict.violation, undefined, what);
      t.is(verdict.summary, expected, what);
    }
  });
}

test.serial('the corpus is small', (t) => {
  const bytes = corpusTargets().flatMap((name) => corpusOf(name).map((kept) => kept.bytes.length));
  t.true(bytes.reduce((sum, length) => sum + length, 0) < MAX_CORPUS_BYTES);
});

test.serial('every seed of every target keeps the contract', async (t) => {
  for (const target of TARGETS) {
    for (const seed of target.seeds()) {
      const { violation } = await judge(target, Buffer.from(seed), 'exact');
      t.is(violation, undefined, target.name);
    }
  }
});
