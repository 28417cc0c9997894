/** gc takes an image between the moment it is listed and the reader's lease. */
import test, { type ExecutionContext } from 'ava';
import { capture } from '../../src/capture/capture.js';
import { StoreError } from '../../src/errors.js';
import { blake3 } from '../../src/hashing/blake3.js';
import { setMark } from '../../src/images/marks.js';
import { diff } from '../../src/report/diff.js';
import { stats } from '../../src/report/stats.js';
import { usage } from '../../src/report/usage.js';
import { verify } from '../../src/verify/verify.js';
import { encodeRecord, imageKey, markKey, type PubId } from '../../store-format/index.js';
import { inPieces } from '../support/library-store.js';
import { seededDisk } from '../support/seeded-disk.js';
import { TestEngine } from '../support/test-engine.js';

/** Two images, of which `web` is purged when the next lease is asked for. */
async function purgedWithNextLease(t: ExecutionContext): Promise<TestEngine> {
  const made = await TestEngine.make(t);
  const { engine, objects } = made;
  const disk = seededDisk('web', 2 * 1024 ** 2);
  const { image } = await capture(engine, inPieces(disk), 'web', {});
  await capture(engine, inPieces(disk), 'other', {});
  const publication = image!.publication as PubId;
  const hold = objects.hold.bind(objects);
  objects.hold = async (leaseKey, bytes) => {
    objects.hold = hold;
    await setMark(objects, engine.environment, publication, 'removed');
    const key = markKey(publication, 2);
    const mark = { image: publication, verdict: 'purged', atMs: 0, by: 'gc' } as const;
    await objects.claim(key, encodeRecord('mark', key, mark, blake3));
    await objects.delete(imageKey(publication));
    return hold(leaseKey, bytes);
  };
  return made;
}

test('verify of all images passes over it', async (t) => {
  const { engine } = await purgedWithNextLease(t);
  const { images, problems } = await verify(engine, [], {});
  t.deepEqual(
    images.map(({ image, ok }) => [image.name, ok]),
    [['other', true]],
  );
  t.deepEqual(problems, []);
});

test('stats and usage pass over it', async (t) => {
  const ofStats = await purgedWithNextLease(t);
  const { images, perImage } = await stats(ofStats.engine, {});
  t.is(images, 1);
  t.deepEqual(
    perImage.map(({ image }) => image.name),
    ['other'],
  );
  const { engine } = await purgedWithNextLease(t);
  t.true((await usage(engine, 'other', {})).exclusiveBytes > 0);
});

test('whoever asks for it by name is told', async (t) => {
  const readers = {
    verify: ({ engine }: TestEngine) => verify(engine, ['web'], {}),
    usage: ({ engine }: TestEngine) => usage(engine, 'web', {}),
    diff: ({ engine }: TestEngine) => diff(engine, 'other', 'web', {}),
  };
  for (const [what, read] of Object.entries(readers)) {
    const made = await purgedWithNextLease(t);
    const error = await t.throwsAsync<StoreError>(() => read(made), { instanceOf: StoreError }, what);
    t.is(error?.code, 'image-purged', what);
    t.deepEqual(await made.leases(), [], what);
  }
});
