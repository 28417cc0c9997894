/**
 * A slice of fuzzing with every test run, from a new seed each time; long runs are `npm run test:fuzz`. And what makes its
 * silence worth something: planted mistakes of every kind are found, also those that end the process.
 */
import test from 'ava';
import { minimize } from './minimize.js';
import { EXPECTED_KINDS, PLANTS } from './plants.js';
import { replay, runFuzz } from './run-fuzz.js';
import { Supervisor } from './supervisor.js';
import { tallyHead, tallyRow } from './tally.js';
import { TARGETS } from './targets/index.js';

const INPUTS = 100_000;
const PLANTED_INPUTS = 20_000;
const PLANTED_SEED = 1;
const PLANTED_HANG_MS = 2000;

const seed = Number(process.env.DOPPEL_SEED ?? Date.now() % 2 ** 31);

test.serial('no input breaks the contract of its decoder', async (t) => {
  t.log(`DOPPEL_SEED=${seed}`);
  const { tallies, violations, ms } = await runFuzz({ targets: TARGETS, inputs: INPUTS, seed, jobs: 2 });
  for (const { target, kind, message, index, input } of violations)
    t.fail(`${target}: ${kind}, input ${index}: ${message}; --target ${target} --input ${input}`);
  for (const line of [tallyHead(), ...tallies.map(tallyRow)]) t.log(line);
  const inputs = tallies.reduce((sum, tally) => sum + tally.inputs, 0);
  t.log(
    `${inputs} inputs, ${TARGETS.length} targets, ${violations.length} violations, ${Math.round(ms / 1000)} s`,
  );
  t.true(inputs >= INPUTS);
  for (const { target, inputs: count, blocks } of tallies)
    t.true(count > 0 && blocks > 0, `${target} was not tested`);
});

for (const plant of PLANTS) {
  test.serial(`${plant.name} is found, made small, and repeated`, async (t) => {
    const { violations } = await runFuzz({
      ...{ targets: [plant], inputs: PLANTED_INPUTS, seed: PLANTED_SEED, jobs: 1, hangMs: PLANTED_HANG_MS },
    });
    const found = violations.find(({ kind }) => kind === EXPECTED_KINDS[plant.name]);
    t.truthy(found, `${plant.name}: ${violations.map(({ kind }) => kind)}`);
    if (found === undefined) return;
    const supervisor = new Supervisor('run', PLANTED_HANG_MS);
    try {
      const again = await replay(plant.name, Buffer.from(found.input, 'base64'), supervisor);
      t.deepEqual(
        again.violations.map(({ kind }) => kind),
        [found.kind],
      );
    } finally {
      supervisor.close();
    }
  });
}

test('an input is made small: what does not matter goes, then becomes zero', async (t) => {
  const input = Buffer.concat([Buffer.alloc(700, 7), Buffer.from('....needle..'), Buffer.alloc(300, 9)]);
  const small = await minimize(
    input,
    async (candidate) => candidate.includes('needle') && candidate.length >= 10,
  );
  t.is(small.length, 10);
  t.true(small.includes('needle'));
  t.is([...small].filter((byte) => byte === 0).length, 4);
});
