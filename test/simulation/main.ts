/**
 * `npm run test:simulation -- --steps N --seed S [--seeds K] [--jobs J] [--plant NAME | --plants]`
 *
 * Runs N steps, spread over K seeds from S on. A violation ends the run with its seed and a trace made small. `--plant` puts a
 * mistake in; `--plants` asks of each mistake whether it is found within N steps (50,000 when not said).
 */
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { FOCUS } from './plant-focus.js';
import { PLANT_NAMES, PLANTS, type PlantName } from './plants.js';
import { failure, story, summary, type Totals } from './report.js';
import { shrink } from './shrink.js';
import { simulate } from './simulation.js';

const STEPS_PER_SEED = 2500;
const STEPS_PER_PLANT = 50_000;

interface Task {
  readonly seed: number;
  readonly seeds: number;
  readonly steps: number;
  readonly plant?: PlantName | undefined;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** @returns what was done until the first violation */
async function run({ seed, seeds, steps, plant }: Task, tellsStory: boolean): Promise<Totals> {
  const makePlant = plant === undefined ? undefined : PLANTS[plant];
  const totals = { steps: 0, seeds: 0, crashes: 0, violations: 0, plant };
  for (let i = 0; i < seeds && totals.steps < steps; i++) {
    const share = Math.ceil((steps - totals.steps) / (seeds - i));
    const planted = makePlant && { plant: makePlant() };
    const focus = plant && FOCUS[plant];
    const result = await simulate({ seed: seed + i, steps: share, ...planted, ...(focus && { focus }) });
    totals.steps += result.steps;
    totals.seeds++;
    totals.crashes += result.crashes;
    if (result.violation === undefined) continue;
    totals.violations++;
    say(failure(result));
    if (tellsStory) say(story(await shrink(result, makePlant, focus)));
    break;
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
    seeds: sum((one) => one.seeds),
    crashes: sum(({ crashes }) => crashes),
    violations: sum(({ violations }) => violations),
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

async function runPlants(seed: number, steps: number): Promise<boolean> {
  let missed = 0;
  for (const plant of PLANT_NAMES) {
    const seeds = Math.ceil(steps / STEPS_PER_SEED);
    const totals = await run({ seed, seeds, steps, plant }, false);
    say(summary(totals));
    if (totals.violations === 0) missed++;
  }
  say(`${PLANT_NAMES.length - missed} of ${PLANT_NAMES.length} planted mistakes found`);
  return missed === 0;
}

function plantOf(name: string | undefined): PlantName | undefined {
  const plant = PLANT_NAMES.find((known) => known === name);
  if (name !== undefined && plant === undefined)
    throw new TypeError(`There is no plant ${name}: ${PLANT_NAMES.join(', ')}`);
  return plant;
}

const { values } = parseArgs({
  options: {
    steps: { type: 'string' },
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string' },
    jobs: { type: 'string', default: '1' },
    plant: { type: 'string' },
    plants: { type: 'boolean', default: false },
    task: { type: 'string' },
  },
});

if (values.task !== undefined) {
  process.send!(await run(JSON.parse(values.task) as Task, true));
} else if (values.plants) {
  process.exitCode = (await runPlants(Number(values.seed), Number(values.steps ?? STEPS_PER_PLANT))) ? 0 : 1;
} else {
  const steps = Number(values.steps ?? STEPS_PER_PLANT);
  const seeds = Number(values.seeds ?? Math.max(1, Math.ceil(steps / STEPS_PER_SEED)));
  const task = { seed: Number(values.seed), seeds, steps, plant: plantOf(values.plant) };
  const jobs = Number(values.jobs);
  const totals = jobs > 1 ? await runInProcesses(task, jobs) : await run(task, true);
  say(summary(totals));
  process.exitCode = totals.violations === 0 ? 0 : 1;
}
