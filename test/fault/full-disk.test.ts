/**
 * A real file system with less and less room, for each operation that writes: it succeeds, or says that there is no space and
 * leaves nothing behind; with more room the same operation succeeds, and gc and scrub after it.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { StoreError } from '../../src/errors.js';
import { scrub } from '../../src/scrub/scrub.js';
import { smallFileSystem } from '../support/machine.js';
import { holdsAll, OPERATIONS, type Prepared, prepareStores } from './fault-operations.js';

const KIB = 1024;
/** Bytes left free: none, a record or two, a part of the packs, nearly all of them. */
const ROOM = [0, 8 * KIB, 32 * KIB, 96 * KIB, 192 * KIB, 640 * KIB] as const;

let prepared: Prepared;
test.before(async () => {
  prepared = await prepareStores();
});

for (const operation of OPERATIONS.filter(({ name }) => name !== 'rebuild')) {
  test.serial(`${operation.name} where little room is left`, async (t) => {
    const outcomes: string[] = [];
    for (const room of ROOM) {
      const place = smallFileSystem(t, 24 * KIB * KIB);
      if (place === undefined) return;
      const store = prepared[operation.on].copyAt(join(place, 'store'));
      const filler = join(place, 'filler');
      t.throws(() => writeFileSync(filler, Buffer.alloc(24 * KIB * KIB)), { code: 'ENOSPC' });
      const spare = join(place, 'spare');
      rmSync(filler);
      writeFileSync(spare, Buffer.alloc(room));
      t.throws(() => writeFileSync(filler, Buffer.alloc(24 * KIB * KIB)), { code: 'ENOSPC' });
      rmSync(spare);
      const where = { store, sound: prepared.sound };
      try {
        await operation.run(await store.process(), where);
        outcomes.push(`${room}: done`);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        t.is(error.code, 'no-space', error.message);
        t.regex(error.message, /no space left in the store; free some/);
        outcomes.push(`${room}: no space`);
      }
      t.deepEqual(store.names('tmp'), [], `${room}`);
      t.deepEqual(store.names('leases'), [], `${room}`);
      rmSync(filler);
      t.deepEqual(await operation.run(await store.process(), where), []);
      await store.gc({ graceMs: 0 });
      t.deepEqual((await scrub(await store.process(), {})).problems, []);
      await holdsAll(t, store, `${operation.name}, ${room}`);
    }
    t.log(outcomes.join(', '));
  });
}
