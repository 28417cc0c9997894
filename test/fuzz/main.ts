/**
 * `npm run test:fuzz -- --inputs N --seed S [--target NAME]... [--jobs J] [--minutes M] [--plants]`
 * `npm run test:fuzz -- --target NAME --input FILE-OR-BASE64`
 *
 * Mutated inputs for every decoder of outside bytes, shared out by what a target has to find. The last line is
 * `N inputs, N targets, N violations`; each violation is told with its input, made small, which the second form repeats.
 * `--minutes` ends a run by the clock; `--plants` asks whether planted mistakes are found.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EXPECTED_KINDS, PLANTS } from './plants.js';
import { replay, runFuzz } from './run-fuzz.js';
import { Supervisor } from './supervisor.js';
import { tallyHead, tallyRow, type Violation } from './tally.js';
import { TARGETS, targetNamed } from './targets/index.js';

const DEFAULT_INPUTS = 1_000_000;
const INPUTS_PER_PLANT = 20_000;
const PLANT_HANG_MS = 2000;
/** What is longer is saved in a file. */
const MAX_SHOWN = 400;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function tellViolation({ target, kind, message, seed, index, input }: Violation): void {
  say(`\n${target}: ${kind}, seed ${seed}, input ${index}: ${message}`);
  say(
    `repeat: npm run test:fuzz -- --target ${target} --input ${input.length <= MAX_SHOWN ? input || "''" : saved(target, index, input)}`,
  );
}

function saved(target: string, index: number, input: string): string {
  const folder = join(tmpdir(), 'doppel-fuzz');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${target}-${index}`);
  writeFileSync(path, Buffer.from(input, 'base64'));
  return path;
}

/** @returns whether all went well */
async function replayInput(name: string, given: string): Promise<boolean> {
  const input = existsSync(given) ? readFileSync(given) : Buffer.from(given, 'base64');
  const supervisor = new Supervisor('run');
  try {
    const { tally, violations } = await replay(name, input, supervisor);
    for (const violation of violations) tellViolation(violation);
    say(
      `${input.length} bytes: ${Object.keys(tally.outcomes)}, ${tally.slowestMs.toFixed(1)} ms, ${tally.largestBytes} bytes`,
    );
    return violations.length === 0;
  } finally {
    supervisor.close();
  }
}

/** @returns whether each was found, as what it is */
async function runPlants(seed: number): Promise<boolean> {
  let found = 0;
  for (const plant of PLANTS) {
    const { violations, tallies } = await runFuzz({
      ...{ targets: [plant], inputs: INPUTS_PER_PLANT, seed, jobs: 1, hangMs: PLANT_HANG_MS },
    });
    const kinds = [...new Set(violations.map(({ kind }) => kind))];
    if (kinds.length === 1 && kinds[0] === EXPECTED_KINDS[plant.name]) found++;
    say(`${plant.name}: ${kinds.join(', ') || 'not found'} within ${tallies[0]?.inputs} inputs`);
  }
  say(`${found} of ${PLANTS.length} planted mistakes found`);
  return found === PLANTS.length;
}

const { values } = parseArgs({
  options: {
    inputs: { type: 'string' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string', multiple: true },
    jobs: { type: 'string', default: '1' },
    minutes: { type: 'string' },
    plants: { type: 'boolean', default: false },
    input: { type: 'string' },
  },
});
const seed = Number(values.seed);

async function main(): Promise<boolean> {
  if (values.input !== undefined) return replayInput(values.target?.[0] ?? '', values.input);
  if (values.plants) return runPlants(seed);
  const targets = values.target?.map(targetNamed) ?? TARGETS;
  const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
  const inputs = Number(
    values.inputs ?? (minutes === undefined ? DEFAULT_INPUTS : Number.MAX_SAFE_INTEGER / 2 ** 20),
  );
  const { tallies, violations, ms } = await runFuzz({
    targets,
    inputs,
    seed,
    jobs: Number(values.jobs),
    minutes,
  });
  say(tallyHead());
  for (const tally of tallies) say(tallyRow(tally));
  for (const violation of violations) tellViolation(violation);
  const done = tallies.reduce((sum, tally) => sum + tally.inputs, 0);
  say(`\n${Math.round(ms / 1000)} s, ${Math.round((1000 * done) / ms)} inputs/s`);
  say(`${done} inputs, ${targets.length} targets, ${violations.length} violations`);
  return violations.length === 0;
}

process.exitCode = (await main()) ? 0 : 1;
