/**
 * `npm run test:simulation -- --steps N --seed S [--seeds K] [--keys all|some|none] [--jobs J] [--plant NAME | --plants]`
 *
 * Runs N steps, spread over K seeds from S on. A violation ends the run with its seed and a trace made small; the last line but one
 * tells what happened how often. One seed of three is a store with keys; `--keys` says all or none (some, where plants are
 * looked for in stores without). `--plant` puts a mistake in; `--plants` asks of each mistake whether it is found
 * within N steps (50,000 when not said).
 */
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { sumOf, tellCoverage } from './coverage.js';
import { FOCUS } from './plant-focus.js';
import { PLANT_NAMES, PLANTS, type PlantName } from './plants.js';
import { failure, story, summary, type Totals } from './report.js';
import { shrink } from './shrink.js';
import { type RunResult, simulate } from './simulation.js';

const DEFAULT_STEPS = 50_000;
const STEPS_PER_SEED = 5000;
const STEPS_PER_PLANT = 50_000;
/** What is looked for with a focus happens soon or not at all. */
const STEPS_PER_PLANTED_SEED = 2500;

interface Task {
  readonly seed: number;
  readonly seeds: number;
  readonly steps: number;
  readonly plant?: PlantName | undefined;
  /** By default each seed decides. */
  readonly keys?: boolean | undefined;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** @returns what was done until the first violation, and that */
async function run({
  seed,
  seeds,
  steps,
  plant,
  keys,
}: Task): Promise<{ totals: Totals; failed?: RunResult }> {
  const makePlant = plant === undefined ? undefined : PLANTS[plant];
  const focus = plant && FOCUS[plant];
  const results: RunResult[] = [];
  let left = steps;
  for (let i = 0; i < seeds && left > 0 && results.at(-1)?.violation === undefined; i++) {
    const share = Math.ceil(left / (seeds - i));
    const planted = makePlant && { plant: makePlant() };
    const result = await simulate({
      seed: seed + i,
      steps: share,
      keys,
      ...planted,
      ...(focus && { focus }),
    });
    results.push(result);
    left -= result.steps;
  }
  const failed = results.find(({ violation }) => violation !== undefined);
  const totals = {
    steps: steps - left,
    seeds: results.length,
    keyed: results.filter(({ keys }) => keys).length,
    crashes: results.reduce((sum, { crashes }) => sum + crashes, 0),
    violations: failed === undefined ? 0 : 1,
    coverage: sumOf(results.map(({ coverage }) => coverage)),
    plant,
  };
  return { totals, ...(failed && { failed }) };
}

/** As `run`; a violation is told with its story. */
async function runAndTell(task: Task): Promise<Totals> {
  const { totals, failed } = await run(task);
  if (failed !== undefined) {
    const { plant } = task;
    say(failure(failed));
    say(story(await shrink(failed, plant && PLANTS[plant], plant && FOCUS[plant])));
  }
  return totals;
}

/** Seeds are shared out; each process goes on to its first violation. */
async function runInProcesses(task: Task, jobs: number): Promise<Totals> {
  const shares = Array.from({ length: jobs }, (_, i) => Math.floor((task.seeds + i) / jobs)).filter(
    (n) => n > 0,
  );
  let { seed } = task;
  const running = shares.map((seeds) => {
    const share = { ...task, seed, seeds, steps: Math.ceil((task.steps * seeds) / task.seeds) };
    seed += seeds;
    return runInProcess(share);
  });
  const all = await Promise.all(running);
  const sum = (of: (totals: Totals) => number) => all.reduce((total, one) => total + of(one), 0);
  return {
    steps: sum(({ steps }) => steps),
    seeds: sum(({ seeds }) => seeds),
    keyed: sum(({ keyed }) => keyed),
    crashes: sum(({ crashes }) => crashes),
    violations: sum(({ violations }) => violations),
    coverage: sumOf(all.map(({ coverage }) => coverage)),
    plant: task.plant,
  };
}

function runInProcess(task: Task): Promise<Totals> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL(import.meta.url), ['--task', JSON.stringify(task)]);
    child.once('message', (totals) => resolve(totals as Totals));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`A process of the simulation ended with ${code}`)));
  });
}

/** @returns whether each was found */
async function runPlants(seed: number, steps: number, keys: boolean | undefined): Promise<boolean> {
  const seeds = Math.ceil(steps / STEPS_PER_PLANTED_SEED);
  let found = 0;
  say(row('plant', 'rule', 'steps until found', 'seed'));
  for (const plant of PLANT_NAMES) {
    const { totals, failed } = await run({ seed, seeds, steps, plant, keys });
    if (failed === undefined) say(row(plant, 'not found', `more than ${totals.steps}`, ''));
    else {
      found++;
      say(row(plant, failed.violation!.rule, `${totals.steps}`, `${failed.seed}`));
    }
  }
  say(`${found} of ${PLANT_NAMES.length} planted mistakes found, each within ${steps} steps`);
  return found === PLANT_NAMES.length;
}

function row(plant: string, rule: string, steps: string, seed: string): string {
  return `${plant.padEnd(20)}${rule.padEnd(11)}${steps.padStart(18)}${seed.padStart(6)}`;
}

function plantOf(name: string | undefined): PlantName | undefined {
  const plant = PLANT_NAMES.find((known) => known === name);
  if (name !== undefined && plant === undefined)
    throw new TypeError(`There is no plant ${name}: ${PLANT_NAMES.join(', ')}`);
  return plant;
}

function keysOf(which: string): boolean | undefined {
  if (which === 'all' || which === 'none') return which === 'all';
  if (which === 'some') return undefined;
  throw new TypeError(`--keys ${which}: all, some or none`);
}

const { values } = parseArgs({
  options: {
    steps: { type: 'string' },
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string' },
    keys: { type: 'string', default: 'some' },
    jobs: { type: 'string', default: '1' },
    plant: { type: 'string' },
    plants: { type: 'boolean', default: false },
    task: { type: 'string' },
  },
});

const keys = keysOf(values.keys);
if (values.task !== undefined) {
  process.send!(await runAndTell(JSON.parse(values.task) as Task));
} else if (values.plants) {
  process.exitCode = (await runPlants(
    Number(values.seed),
    Number(values.steps ?? STEPS_PER_PLANT),
    keys ?? false,
  ))
    ? 0
    : 1;
} else {
  const plant = plantOf(values.plant);
  const steps = Number(values.steps ?? DEFAULT_STEPS);
  const perSeed = plant === undefined ? STEPS_PER_SEED : STEPS_PER_PLANTED_SEED;
  const seeds = Number(values.seeds ?? Math.max(1, Math.ceil(steps / perSeed)));
  const task = { seed: Number(values.seed), seeds, steps, plant, keys };
  const jobs = Number(values.jobs);
  const totals = jobs > 1 ? await runInProcesses(task, jobs) : await runAndTell(task);
  say(tellCoverage(totals.coverage));
  say(summary(totals));
  process.exitCode = totals.violations === 0 ? 0 : 1;
}
