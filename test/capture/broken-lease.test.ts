/** A capture that gc took for dead publishes nothing, however far it came. */
import test from 'ava';
import { capture } from '../../src/capture/capture.js';
import { breakLease, listLeases } from '../../src/engine/leases.js';
import { StoreError } from '../../src/errors.js';
import { type LeaseId, parseLeaseId } from '../../store-format/index.js';
import { inPieces } from '../support/library-store.js';
import { seededDisk } from '../support/seeded-disk.js';
import { TestEngine } from '../support/test-engine.js';

const DISK = seededDisk('web', 3 * 1024 ** 2);

test('a capture whose lease was broken says so, leaves nothing, and works when run again', async (t) => {
  const { engine, objects } = await TestEngine.make(t);
  const breaker = 'b'.repeat(32) as LeaseId;
  async function* source() {
    yield* inPieces(DISK.subarray(0, DISK.length / 2));
    const [own] = await listLeases(objects);
    t.is(own!.lease.purpose, 'capture');
    t.false(await breakLease(objects, engine.environment, own!.id, breaker));
    yield* inPieces(DISK.subarray(DISK.length / 2));
  }
  const error = await t.throwsAsync(capture(engine, source(), 'web', {}), { instanceOf: StoreError });
  t.is(error.code, 'lease-broken');
  t.deepEqual(await engine.library.list(), []);
  t.deepEqual(await objects.list('leases'), []);
  t.deepEqual(await objects.list('tmp'), []);
  const keys = await objects.list('images');
  t.is(keys.length, 1, 'the tombstone, which stays');
  t.truthy(parseLeaseId(keys[0]!));
  const { image } = await capture(engine, inPieces(DISK), 'web', {});
  t.is((await engine.library.resolve('web')).id, image!.id);
});
