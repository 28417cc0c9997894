import test from 'ava';
import { runThrash, summaryOf } from './run-thrash.js';

/** A slice of `npm run test:thrash`. */
test.serial('commands killed and stopped at random moments lose no image', async (t) => {
  const seed = process.env.DOPPEL_SEED ?? String(Date.now());
  t.log(`DOPPEL_SEED=${seed} repeats the choices`);
  const result = await runThrash({ minutes: 0.5, seed, lanes: 3 });
  t.log(summaryOf(result));
  t.deepEqual(result.problems, []);
  t.is(result.lost, 0);
  t.true(result.kills > 0 && result.published > 0);
});
