import test from 'ava';
import { seededNumbers } from '../../support/seeded-disk.js';
import { PLACES, seed } from '../fault-cases.js';
import { type Case, casesOf } from './actions.js';
import type { KindName } from './kinds.js';
import { outcomeOf } from './outcome.js';
import { type PreparedStore, prepareStore, type StoreKind } from './prepared-store.js';
import { isNamed, nameOf, readLikenesses, readTable, rowOf } from './table.js';

/** Of what acts with keys as it does without, one in so many is tried; DOPPEL_FAULT_PLACES tries more. */
const ONE_IN = 24;

/** One test for each kind, with a row for each thing that can be done to an object of it. */
export function testKinds(kinds: readonly KindName[], store: StoreKind = 'open'): void {
  const [rows, likenesses] = [readTable(), readLikenesses()];
  const random = seededNumbers(`damage with keys ${seed}`);
  let prepared: PreparedStore;

  test.before(async (t) => {
    if (store === 'keyed') t.log(`DOPPEL_SEED=${seed}`);
    prepared = await prepareStore(store);
  });

  for (const kind of kinds) {
    const isTried = (each: Case) =>
      store === 'open' || isNamed(likenesses, each) || random() < PLACES / ONE_IN;
    const cases = casesOf(kind, store).filter(isTried);
    test.serial(`${kind}: hurt in every way, everywhere`, async (t) => {
      for (const each of cases) {
        const { expected } = rowOf(rows, likenesses, each);
        const name = `${kind}, ${nameOf(each)}`;
        const check = (holds: boolean, what: string) => t.true(holds, `${name}: ${what}`);
        t.deepEqual(await outcomeOf(prepared, each, check), expected, name);
      }
    });
  }
}
