/** Planted mistakes are found, each of them, and without them the same seeds are clean. */
import test from 'ava';
import { FOCUS } from './plant-focus.js';
import { PLANT_NAMES, PLANTS } from './plants.js';
import { failure } from './report.js';
import { simulate } from './simulation.js';

/** Steps of a seed; and seeds tried, so that a mistake has 50,000 steps to show. */
const STEPS = 2500;
const SEEDS = 20;

for (const name of PLANT_NAMES) {
  test(`planted: ${name}`, async (t) => {
    const focus = FOCUS[name];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const common = { seed, steps: STEPS, keys: false, ...(focus && { focus }) };
      const found = await simulate({ ...common, plant: PLANTS[name]() });
      if (found.violation === undefined) continue;
      t.log(failure(found));
      t.is((await simulate(common)).violation, undefined, 'the same seed without the mistake');
      return;
    }
    t.fail(`${name} was not found in ${SEEDS} seeds`);
  });
}
