import test from 'ava';
import { runThrash, summaryOf } from './run-thrash.js';

/** Slices of `npm run test:thrash`, the second with `--keys`. */
const SLICES = [
  { title: 'commands killed and stopped at random moments lose no image', minutes: 0.3, keys: false },
  { title: 'nor do they in a store with keys', minutes: 0.2, keys: true },
];

for (const { title, minutes, keys } of SLICES)
  test.serial(title, async (t) => {
    const seed = process.env.DOPPEL_SEED ?? String(Date.now());
    t.log(`DOPPEL_SEED=${seed} repeats the choices`);
    const result = await runThrash({ minutes, seed, lanes: 3, keys });
    t.log(summaryOf(result));
    t.deepEqual(result.problems, []);
    t.is(result.lost, 0);
    t.true(result.kills > 0 && result.published > 0);
  });
