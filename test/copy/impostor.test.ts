/** A machine that may only write gives an image of its own the id and the digest of one that is to be copied. */
import test, { type ExecutionContext } from 'ava';
import { capture } from '../../src/capture/capture.js';
import { decodeSlotSecret } from '../../src/keys/slot-secret.js';
import { OpenStoreKeys } from '../../src/keys/store-keys.js';
import { decodeManifest, encodeManifest, type PubId, parseLeaseId } from '../../store-format/index.js';
import { blake3 } from '../format/oracle.js';
import { inPieces } from '../support/library-store.js';
import { seededDisk } from '../support/seeded-disk.js';
import { CopyStore, copyBetween } from './copy-store.js';

const good = seededDisk('good', 400_000);

async function writeOnlyKey(store: CopyStore): Promise<string> {
  let text = '';
  const onKey = async (key: string) => {
    text = key;
  };
  const keys = new OpenStoreKeys(await store.process(), decodeSlotSecret(store.key!));
  await keys.add({ label: 'thief', writeOnly: { names: ['thief'] }, onKey });
  return text;
}

async function impostor(target: CopyStore, key: string, like: { id: string; digest: string }): Promise<void> {
  const engine = await target.process({ key });
  const { objects } = engine;
  const claim = objects.claim.bind(objects);
  objects.claim = async (at, bytes) => {
    if (!at.startsWith('images/')) return claim(at, bytes);
    const manifest = decodeManifest(bytes, parseLeaseId(at) as PubId, blake3);
    const header = { ...manifest.header, imageId: like.id, digest: like.digest };
    return claim(at, encodeManifest({ ...manifest, header }, blake3));
  };
  const evil = Buffer.concat([good.subarray(0, 200_000), seededDisk('evil', 200_000)]);
  await capture(engine, inPieces(evil), 'thief', {});
}

async function scene(t: ExecutionContext) {
  const [source, target] = [await CopyStore.make(t), await CopyStore.make(t, 'keys')];
  const image = await source.capture(good, 'web');
  return { source, target, image, key: await writeOnlyKey(target) };
}

test('it does not stand for that one', async (t) => {
  const { source, target, image, key } = await scene(t);
  for (const digest of [image.digest, '00'.repeat(32)]) {
    await impostor(target, key, { id: image.id, digest });
  }
  const result = await copyBetween(source, target);
  t.is(result.copied.length, 1);
  t.deepEqual(result.alreadyThere, []);
  t.deepEqual(result.problems, []);
  t.is(
    target.warnings.filter(({ message }) => /"thief" published.*does not stand for it/.test(message)).length,
    2,
  );
  await target.restores(t, 'web', good);
  const again = await copyBetween(source, target);
  t.is(again.alreadyThere[0]?.name, 'web');
  t.is(again.copied.length, 0);
});

test('an image of such a machine that has its bytes is not copied over its own copy', async (t) => {
  const { target, key } = await scene(t);
  await capture(await target.process({ key }), inPieces(good), 'thief', {});
  const away = await CopyStore.make(t);
  t.is((await copyBetween(target, away)).copied.length, 1);
  const back = await copyBetween(away, target);
  t.is(back.alreadyThere.length, 1);
  t.is(back.copied.length, 0);
  t.deepEqual(target.warnings, []);
});
