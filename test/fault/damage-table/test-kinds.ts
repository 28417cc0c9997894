import test from 'ava';
import { casesOf } from './actions.js';
import type { KindName } from './kinds.js';
import { outcomeOf } from './outcome.js';
import { type PreparedStore, prepareStore } from './prepared-store.js';
import { nameOf, readTable, rowOf } from './table.js';

/** One test for each kind, with a row for each thing that can be done to an object of it. */
export function testKinds(kinds: readonly KindName[]): void {
  const rows = readTable();
  let prepared: PreparedStore;

  test.before(async () => {
    prepared = await prepareStore('open');
  });

  for (const kind of kinds) {
    test.serial(`${kind}: hurt in every way, everywhere`, async (t) => {
      for (const each of casesOf(kind)) {
        const { expected } = rowOf(rows, each);
        const name = `${kind}, ${nameOf(each)}`;
        const check = (holds: boolean, what: string) => t.true(holds, `${name}: ${what}`);
        t.deepEqual(await outcomeOf(prepared, each, check), expected, name);
      }
    });
  }
}
