import test from 'ava';
import { seededNumbers } from '../../support/seeded-disk.js';
import { readRows, rowFor } from '../damage-table/table.js';
import { PLACES, seed } from '../fault-cases.js';
import { type Case, casesOf } from './actions.js';
import type { KindName } from './kinds.js';
import { type Outcome, outcomeOf } from './outcome.js';
import { type PreparedStores, prepareStores } from './prepared-stores.js';

const DOCUMENT = new URL('../../../TAMPER.md', import.meta.url);
const COLUMNS = [
  'open',
  'ls',
  'verify',
  'scrub',
  'hurt',
  'capture',
  'gc',
] as const satisfies readonly (keyof Outcome)[];

export const readTampering = () => readRows<Outcome>(DOCUMENT, COLUMNS);

/** One test for each kind. Of each row one case of each second action is tried, unless DOPPEL_FAULT_PLACES asks for more. */
export function testKinds(kinds: readonly KindName[]): void {
  const rows = readTampering();
  let stores: PreparedStores;

  test.before(async (t) => {
    t.log(`DOPPEL_SEED=${seed}`);
    stores = await prepareStores();
  });

  for (const kind of kinds) {
    test.serial(`${kind}: tampered with in every way`, async (t) => {
      const possible = casesOf(kind, stores);
      const unknown = rows
        .filter((row) => row.kind === kind && Array.isArray(row.damages))
        .flatMap(({ damages }) => [...damages])
        .filter((name) => !possible.some((each) => each.name === name));
      t.deepEqual(unknown, [], 'the table expects nothing that cannot be done');
      for (const each of sampleOf(possible)) {
        const name = `${kind}, ${each.name}`;
        const check = (holds: boolean, what: string) => t.true(holds, `${name}: ${what}`);
        t.deepEqual(await outcomeOf(stores, each, check), rowFor(rows, kind, each.name).expected, name);
      }
    });
  }

  function sampleOf(cases: readonly Case[]): readonly Case[] {
    const random = seededNumbers(`tampering ${seed} ${cases[0]!.kind}`);
    const groups = new Map<string, Case[]>();
    for (const each of cases) {
      const group = `${rows.indexOf(rowFor(rows, each.kind, each.name))} ${actionOf(each.name)}`;
      groups.set(group, [...(groups.get(group) ?? []), each]);
    }
    // Half of them with each run: the next one has another seed.
    const tried = [...groups.values()].filter(() => PLACES > 1 || random() < 0.5);
    return tried.flatMap((group) => shuffled(group, random).slice(0, PLACES));
  }
}

/** Actions that do much the same count as one. */
function actionOf(name: string): string {
  const [action] = name.split(' ');
  return action === 'unsign' ? 'truncate' : action === 'double' ? 'replay' : action!;
}

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  return items
    .map((item) => [random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}
