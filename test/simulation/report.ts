/** What a run says: one line for what it was, and for a failure the story that led to it. */
import type { Counts } from './coverage.js';
import type { FaultKind } from './faults.js';
import type { PlantName } from './plants.js';
import type { OperationKind } from './scenario.js';
import type { Shrunk } from './shrink.js';
import type { RunResult } from './simulation.js';
import type { TraceLine } from './trace.js';

/** Lines of a trace that are printed: the last ones say what went wrong. */
const MAX_LINES = 400;
/** Ids are told apart by their first digits. */
const ID_DIGITS = 10;

export interface Totals {
  readonly steps: number;
  readonly seeds: number;
  /** Of these, stores with keys. */
  readonly keyed: number;
  readonly crashes: number;
  readonly violations: number;
  readonly coverage: Counts;
  readonly plant?: PlantName | undefined;
}

/** The last line of every run. */
export function summary({
  steps,
  seeds,
  keyed,
  crashes,
  violations,
  plant,
}: Omit<Totals, 'coverage'>): string {
  const planted = plant === undefined ? '' : `, planted: ${plant}`;
  return `${steps} steps, ${seeds} seeds (${keyed} with keys), ${crashes} crashes, ${violations} violations${planted}`;
}

export function failure({ seed, keys, steps, violation }: RunResult): string {
  return `seed ${seed}${keys ? ' (with keys)' : ''}, step ${steps}: ${violation!.rule}: ${violation!.message}`;
}

/** The failing run made small, told step by step. */
export function story({ result, faultsOff, operationsOff, skipped }: Shrunk): string {
  const lines = result.trace;
  const shown = lines.slice(-MAX_LINES);
  const left = lines.length - shown.length;
  return [
    failure(result),
    `without faults: ${list<FaultKind>(faultsOff)}; without operations: ${list<OperationKind>(operationsOff)}, and without ${skipped.size} of the others`,
    'step | time, ms | process | operation | verb | key | what was done to it',
    ...(left > 0 ? [`(${left} steps before)`] : []),
    ...shown.map(tellStep),
  ].join('\n');
}

function list<T extends string>(kinds: ReadonlySet<T>): string {
  return kinds.size === 0 ? 'none left out' : [...kinds].join(' ');
}

function tellStep({ step, timeMs, who, operation, verb, key, outcome }: TraceLine): string {
  return [step, timeMs % 1e10, who, operation, verb, shortKey(key), outcome].join(' | ');
}

function shortKey(key: string): string {
  return key
    .replace(/[0-9a-f]{32,64}/g, (id) => id.slice(0, ID_DIGITS))
    .replace(/^packs\/[0-9a-f]{2}\//, 'packs/');
}
