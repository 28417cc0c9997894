/** What a run counts for each target, in a form that travels between processes. */
import { ACCEPTED, type Verdict, type ViolationKind } from './judge.js';

export interface Tally {
  readonly target: string;
  inputs: number;
  readonly outcomes: Record<string, number>;
  /** Blocks of code that exploring reached, and inputs that it kept for reaching new ones. */
  blocks: number;
  found: number;
  slowestMs: number;
  largestBytes: number;
  /** Of work, all processes together. */
  ms: number;
}

export interface Violation {
  readonly target: string;
  readonly kind: ViolationKind;
  readonly message: string;
  readonly seed: number;
  readonly index: number;
  /** Base64, made small. */
  readonly input: string;
}

export function newTally(target: string): Tally {
  return { target, inputs: 0, outcomes: {}, blocks: 0, found: 0, slowestMs: 0, largestBytes: 0, ms: 0 };
}

export function addVerdict(tally: Tally, { outcome, ms, bytes }: Verdict): void {
  tally.inputs++;
  tally.outcomes[outcome] = (tally.outcomes[outcome] ?? 0) + 1;
  if (ms > tally.slowestMs) tally.slowestMs = ms;
  if (bytes > tally.largestBytes) tally.largestBytes = bytes;
}

export function sumOf(tallies: readonly Tally[], target: string): Tally {
  const sum = newTally(target);
  for (const tally of tallies.filter((candidate) => candidate.target === target)) {
    sum.inputs += tally.inputs;
    for (const [outcome, count] of Object.entries(tally.outcomes))
      sum.outcomes[outcome] = (sum.outcomes[outcome] ?? 0) + count;
    sum.blocks = Math.max(sum.blocks, tally.blocks);
    sum.found += tally.found;
    sum.slowestMs = Math.max(sum.slowestMs, tally.slowestMs);
    sum.largestBytes = Math.max(sum.largestBytes, tally.largestBytes);
    sum.ms += tally.ms;
  }
  return sum;
}

const WIDTHS = [18, 10, 10, 7, 6, 9, 9, 9];

export function tallyHead(): string {
  return `${row(['target', 'inputs', 'accepted', 'blocks', 'found', 'inputs/s', 'slow, ms', 'KiB'])}  rejected`;
}

export function tallyRow(tally: Tally): string {
  const { inputs, outcomes, blocks, found, slowestMs, largestBytes, ms } = tally;
  const rejected = Object.entries(outcomes).filter(([outcome]) => outcome !== ACCEPTED);
  const cells = [
    inputs,
    outcomes[ACCEPTED] ?? 0,
    blocks,
    found,
    Math.round((1000 * inputs) / Math.max(1, ms)),
  ];
  const costs = [slowestMs.toFixed(1), Math.ceil(largestBytes / 1024)];
  return `${row([tally.target, ...cells, ...costs])}  ${rejected.map(([code, count]) => `${code} ${count}`).join(', ')}`;
}

function row(cells: readonly (string | number)[]): string {
  return cells
    .map((cell, i) => (i === 0 ? `${cell}`.padEnd(WIDTHS[i]!) : `${cell}`.padStart(WIDTHS[i]!)))
    .join('');
}
