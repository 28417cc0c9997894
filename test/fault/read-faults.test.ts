/** Requests that read fail, once or for good: nothing is taken for damaged or lost, and the next run goes on. */
import test from 'ava';
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
