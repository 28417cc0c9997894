/**
 * Planted mistakes are found, and without them the same seeds are clean. Only those that show within seconds are asked for
 * here; `npm run test:simulation -- --plants` asks for all.
 */
import test from 'ava';
import { FOCUS } from './plant-focus.js';
import { PLANTS, type PlantName } from './plants.js';
import { failure } from './report.js';
import { type RunResult, simulate } from './simulation.js';

const STEPS_PER_SEED = 2500;
const MAX_SEEDS = 6;

const QUICK = ['unsynced-packs', 'undelete-unclaimed', 'skipped-manifest'] as const satisfies PlantName[];

for (const name of QUICK) {
  test(`planted: ${name}`, async (t) => {
    const focus = FOCUS[name];
    const common = { steps: STEPS_PER_SEED, ...(focus && { focus }) };
    let found: RunResult | undefined;
    for (let seed = 1; seed <= MAX_SEEDS && found?.violation === undefined; seed++)
      found = await simulate({ ...common, seed, plant: PLANTS[name]() });
    t.truthy(found?.violation, `${name} was not found in ${MAX_SEEDS} seeds`);
    t.log(failure(found!));
    const { seed, steps } = found!;
    t.is((await simulate({ ...common, seed, steps })).violation, undefined);
  });
}
