/** Requests that change something fail, before or after they took effect, for once or for good, or as the disk is full. */
import test from 'ava';
import { seed, writeFaults } from './fault-cases.js';
import { OPERATIONS, type Prepared, prepareStores } from './fault-operations.js';
import { countRequests, meetFault } from './meet-fault.js';

let prepared: Prepared;
test.before(async (t) => {
  prepared = await prepareStores();
  t.log(`DOPPEL_SEED=${seed} repeats the places`);
});

/** A rebuild changes its index alone. */
for (const operation of OPERATIONS.filter(({ name }) => name !== 'rebuild')) {
  test(operation.name, async (t) => {
    const faults = writeFaults(operation.name, await countRequests(t, prepared, operation));
    t.true(faults.length > 0);
    for (const fault of faults) await meetFault(t, prepared, operation, fault);
    t.log(`${faults.length} faults`);
  });
}
