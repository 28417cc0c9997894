/**
 * What a crash leaves on a file system that keeps no order: an object under its final name of which only a part, or nothing,
 * was written. It was never relied on, since publishing syncs first. Each torn object is found out and harms nothing else.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { scrub } from '../../src/scrub/scrub.js';
import { attestedKey, type LeaseId, type PackId, packKey } from '../../store-format/index.js';
import { packFiles } from '../support/store-files.js';
import { holdsAll, OPERATIONS, type Prepared, prepareStores } from './fault-operations.js';

let prepared: Prepared;
test.before(async () => {
  prepared = await prepareStores();
});

const capture = OPERATIONS.find(({ name }) => name === 'capture')!;

for (const share of [0, 0.5, 0.99]) {
  test(`a pack of which ${100 * share} % was written`, async (t) => {
    const store = prepared.sound.copyFor(t);
    const whole = readFileSync(packFiles(store.folder)[0]!.path);
    const key = packKey(randomBytes(32).toString('hex') as PackId);
    mkdirSync(dirname(join(store.folder, key)), { recursive: true });
    writeFileSync(join(store.folder, key), whole.subarray(0, share * whole.length));
    await capture.run(await store.process(), { store, sound: prepared.sound });
    await store.gc({ graceMs: 0 });
    t.true(store.warnings.some(({ code }) => code === 'pack-damaged'));
    const { problems } = await scrub(await store.process(), {});
    t.deepEqual(
      problems.map(({ code, object }) => ({ code, object })),
      [{ code: 'object-damaged', object: key }],
    );
    await scrub(await store.process(), { repair: true });
    await store.gc({ graceMs: 0 });
    t.deepEqual((await scrub(await store.process(), {})).problems, []);
    await holdsAll(t, store, 'after gc');
  });
}

for (const folder of ['images', 'removed', 'gc', 'attested'] as const) {
  test(`a torn object in ${folder}/`, async (t) => {
    const store = prepared.sound.copyFor(t);
    if (folder === 'gc') await store.gc({ graceMs: 0 });
    const id = randomBytes(16).toString('hex');
    const key =
      folder === 'attested'
        ? attestedKey(id as LeaseId)
        : folder === 'images'
          ? `images/${id}`
          : folder === 'removed'
            ? `removed/${id}.1`
            : 'gc/0000000009';
    writeFileSync(join(store.folder, key), Buffer.alloc(64));
    truncateSync(join(store.folder, key), 20);
    const { problems, hints } = await scrub(await store.process(), {});
    t.true([...problems, ...hints].some(({ object }) => object === key));
    await scrub(await store.process(), { repair: true });
    await store.gc({ graceMs: 0 });
    t.deepEqual((await scrub(await store.process(), {})).problems, []);
    await holdsAll(t, store, 'after gc');
  });
}
