/** Requests that read fail, once or for good: nothing is taken for damaged or lost, and the next run goes on. */
import test from 'ava';
import { StoreError } from '../../src/errors.js';
import { FaultyStore } from '../support/faulty-store.js';
import { readFaults, seed } from './fault-cases.js';
import { OPERATIONS, type Prepared, prepareStores } from './fault-operations.js';
import { countRequests, meetFault } from './meet-fault.js';

let prepared: Prepared;
test.before(async (t) => {
  prepared = await prepareStores();
  t.log(`DOPPEL_SEED=${seed} repeats the places`);
});

for (const operation of OPERATIONS) {
  test(operation.name, async (t) => {
    const faults = readFaults(operation.name, await countRequests(t, prepared, operation));
    t.true(faults.length > 0);
    for (const fault of faults) await meetFault(t, prepared, operation, fault);
    t.log(`${faults.length} faults`);
  });
}

test('whichever object a restore by name cannot read, no older version stands in for the newest', async (t) => {
  const restoring = OPERATIONS.find(({ name }) => name === 'restore')!;
  const reads = (await countRequests(t, prepared, restoring)).get('get')!;
  const store = prepared.sound.copyFor(t);
  let refused = 0;
  for (let at = 0; at < reads; at++) {
    const fault = { kind: 'unreadable', verb: 'get', at, lasts: false } as const;
    const engine = await store.process((objects) => new FaultyStore(objects, fault));
    const run = restoring.run(engine, { store, sound: prepared.sound }); // compares the bytes
    await run.catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error;
      t.is(error.code, 'object-unreadable', error.message);
      if (error.message.startsWith('Which image "web" is')) refused++;
    });
  }
  t.true(refused > 0, 'heads of manifests are among what was read');
});
