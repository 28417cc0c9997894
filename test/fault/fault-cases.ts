/**
 * The table of faults: each operation, each verb that it asks of the store, each way in which that can fail, at a place that
 * the seed chooses. It is made from a run without a fault, which counts the requests, so no cell can be forgotten.
 */
import type { Fault, FaultKind, Verb } from '../support/faulty-store.js';
import { READ_VERBS, WRITE_VERBS } from '../support/faulty-store.js';
import { seededNumbers } from '../support/seeded-disk.js';

export const seed = process.env.DOPPEL_SEED ?? String(Date.now());
/** Places tried in each cell of the table: more find more, and take longer. */
export const PLACES = Number(process.env.DOPPEL_FAULT_PLACES ?? 1);

/** What can become of a request, and whether it stays so. */
type Way = readonly [kind: FaultKind, lasts: boolean];
const READ_WAYS: readonly Way[] = [
  ['unreadable', false],
  ['unreadable', true],
];
const WRITE_WAYS: readonly Way[] = [
  ['unreadable', false],
  ['unreadable', true],
  ['lost-reply', false],
  ['full', false],
  ['full', true],
];
/** Nothing is written by these, so no disk is too full for them. */
const NEVER_FULL: ReadonlySet<Verb> = new Set(['delete', 'release', 'sweep']);

export function readFaults(operation: string, requests: ReadonlyMap<Verb, number>): readonly Fault[] {
  return READ_VERBS.flatMap((verb) => faultsOf(operation, verb, READ_WAYS, requests));
}

export function writeFaults(operation: string, requests: ReadonlyMap<Verb, number>): readonly Fault[] {
  return WRITE_VERBS.flatMap((verb) => {
    const possible = WRITE_WAYS.filter(([kind]) => kind !== 'full' || !NEVER_FULL.has(verb));
    const ways: readonly Way[] = verb === 'append' ? [...possible, ['torn', false]] : possible;
    return faultsOf(operation, verb, ways, requests);
  });
}

function faultsOf(
  operation: string,
  verb: Verb,
  ways: readonly Way[],
  requests: ReadonlyMap<Verb, number>,
): readonly Fault[] {
  const count = requests.get(verb) ?? 0;
  const faults: Fault[] = [];
  for (const [kind, lasts] of ways) {
    const random = seededNumbers(`${seed} ${operation} ${verb} ${kind} ${lasts}`);
    const stride = Math.max(1, count / PLACES);
    for (let from = 0; from < count; from += stride) {
      const at = Math.min(count - 1, Math.floor(from + random() * stride));
      faults.push({ kind, verb, at, lasts });
    }
  }
  return faults;
}

export function nameOf({ kind, verb, at, lasts }: Fault): string {
  return `${verb} ${at} ${kind}${lasts ? ' from then on' : ''}`;
}
