/**
 * A whole run: [1] inputs are shared out among targets; [2] a process with coverage explores each target; [3] what it found
 * starts the others, `jobs` processes side by side; [4] what made a process hang or die is made small.
 */
import { minimize } from './minimize.js';
import { HANG_MS, type Outcome, type Role, Supervisor, type Task } from './supervisor.js';
import { sumOf, type Tally, type Violation } from './tally.js';
import type { Target } from './target.js';

/** Exploring costs some 20 times what other inputs cost: a fiftieth, and not more than finds something. */
const EXPLORED_SHARE = 1 / 50;
const MAX_EXPLORED = 1500;
/** Pieces of a target's work, so that processes end together; each begins cold. */
const PIECES = 4;
const MIN_PIECE = 20_000;
/** Each costs a process, and a time of waiting where it still hangs. */
const DEATH_TRIES = 8;
const DEATH_HANG_MS = 2000;

export interface FuzzOptions {
  readonly targets: readonly Target[];
  readonly inputs: number;
  readonly seed: number;
  readonly jobs: number;
  readonly minutes?: number | undefined;
  readonly hangMs?: number | undefined;
  readonly say?: (text: string) => void;
}

export interface FuzzResult {
  readonly tallies: readonly Tally[];
  readonly violations: readonly Violation[];
  readonly ms: number;
}

export async function runFuzz(options: FuzzOptions): Promise<FuzzResult> {
  const { targets, inputs, seed, jobs, minutes, hangMs = HANG_MS } = options;
  const started = performance.now();
  const shares = targets.reduce((sum, { share }) => sum + share, 0);
  const planned = targets.map(({ name, share }) => ({ name, count: Math.ceil((inputs * share) / shares) })); // [1]
  const explorations = planned.map(({ name, count }) => {
    return { target: name, seed, first: 0, count: exploredOf(count), corpus: [] };
  });
  const outcomes = await inProcesses('explore', explorations, jobs, hangMs); // [2]
  const broken = new Set(outcomes.flatMap(({ violations }) => violations.map(({ target }) => target)));
  const sound = planned.filter(({ name }) => !broken.has(name));
  const tasks = sound.flatMap(({ name, count }) => {
    const found = outcomes.filter(({ tally }) => tally.target === name).flatMap((outcome) => outcome.found);
    return pieces(name, seed, exploredOf(count), count, found);
  });
  const endMs = minutes === undefined ? undefined : Date.now() + minutes * 60_000;
  const timed =
    endMs === undefined
      ? tasks
      : tasks.map((task, i) => ({ ...task, endMs: slotEnd(endMs, i, tasks.length) }));
  outcomes.push(...(await inProcesses('run', timed, jobs, hangMs))); // [3]
  const tallies = targets.map(({ name }) =>
    sumOf(
      outcomes.map(({ tally }) => tally),
      name,
    ),
  );
  const violations: Violation[] = [];
  for (const violation of firstOfEach(outcomes.flatMap((outcome) => outcome.violations)))
    violations.push(await small(violation)); // [4]
  return { tallies, violations, ms: performance.now() - started };
}

/** With a limit of time each task has its slot of it. */
function slotEnd(endMs: number, i: number, count: number): number {
  const left = endMs - Date.now();
  return endMs - left + (left * (i + 1)) / count;
}

function exploredOf(count: number): number {
  return Math.min(MAX_EXPLORED, Math.ceil(count * EXPLORED_SHARE));
}

function pieces(target: string, seed: number, from: number, to: number, corpus: readonly string[]): Task[] {
  const size = Math.max(MIN_PIECE, Math.ceil((to - from) / PIECES));
  return Array.from({ length: Math.ceil((to - from) / size) }, (_, i) => {
    const first = from + i * size;
    return { target, seed, first, count: Math.min(size, to - first), corpus };
  });
}

async function inProcesses(
  role: Role,
  tasks: readonly Task[],
  jobs: number,
  hangMs: number,
): Promise<Outcome[]> {
  const queue = [...tasks];
  const outcomes: Outcome[] = [];
  const failed = new Set<string>();
  const place = async () => {
    const supervisor = new Supervisor(role, hangMs);
    try {
      for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
        if (failed.has(task.target)) continue;
        const outcome = await supervisor.run(task);
        outcomes.push(outcome);
        if (outcome.violations.length > 0) failed.add(task.target);
      }
    } finally {
      supervisor.close();
    }
  };
  await Promise.all(Array.from({ length: jobs }, place));
  return outcomes;
}

/** One of each kind for each target: the others are mostly the same mistake. */
function firstOfEach(violations: readonly Violation[]): readonly Violation[] {
  const isSame = (a: Violation, b: Violation) => a.target === b.target && a.kind === b.kind;
  return violations.filter((violation, i) => violations.findIndex((first) => isSame(first, violation)) === i);
}

/** What ended its process could not be made small there. */
async function small(violation: Violation): Promise<Violation> {
  if (violation.kind !== 'hang' && violation.kind !== 'crash') return violation;
  const supervisor = new Supervisor('run', DEATH_HANG_MS);
  try {
    const violates = async (candidate: Buffer) =>
      (await replay(violation.target, candidate, supervisor)).violations.some(
        ({ kind }) => kind === violation.kind,
      );
    const input = await minimize(Buffer.from(violation.input, 'base64'), violates, DEATH_TRIES);
    return { ...violation, input: input.toString('base64') };
  } finally {
    supervisor.close();
  }
}

/** One input, in a process of its own. */
export function replay(target: string, input: Buffer, supervisor: Supervisor): Promise<Outcome> {
  return supervisor.run({ target, seed: 0, first: 0, count: 1, corpus: [], input: input.toString('base64') });
}
