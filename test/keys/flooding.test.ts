/**
 * A thief with the key of a machine that may only write, who floods a name that others share with images of any times:
 * retention takes none of theirs for his. And the end of his key.
 */
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Engine } from '../../src/engine/engine.js';
import { blake3 } from '../../src/hashing/blake3.js';
import { readManifest } from '../../src/images/image-heads.js';
import type { RetentionPolicy, Store } from '../../src/index.js';
import { encodeManifest, imageKey, type Manifest, type PubId, toHex } from '../../store-format/index.js';
import { inPieces, restoredBytes } from '../support/library-store.js';
import { seededBytes, seededNumbers } from '../support/seeded-disk.js';
import { SharedStore } from './machines.js';

const DAY_MS = 24 * 3600 * 1000;
/** Images; more than any policy keeps, in each period. */
const FLOOD = 200;
const SMALL = seededBytes('flooding', 4096);

interface Dated {
  readonly name?: string;
  readonly sequence: number;
  readonly createdMs: number;
  readonly appearedMs?: number;
  readonly tag?: string;
}

/** An image like the template, of whoever has the engine. @returns its publication */
async function publish(
  shared: SharedStore,
  { objects, environment }: Engine,
  { header, ...rest }: Manifest,
  { appearedMs, ...dated }: Dated,
): Promise<PubId> {
  const [pubId, imageId] = [toHex(environment.random(16)) as PubId, toHex(environment.random(16))];
  const own = { ...header, name: 'disk', startedMs: dated.createdMs, ...dated, pubId, imageId };
  await objects.claim(imageKey(pubId), encodeManifest({ ...rest, header: own }, blake3));
  if (appearedMs !== undefined)
    utimesSync(join(shared.location, imageKey(pubId)), appearedMs / 1000, appearedMs / 1000);
  return pubId;
}

/** Owner and two machines that share a name, and a manifest to copy. */
async function storeWithSharedName(t: ExecutionContext) {
  const shared = await SharedStore.make(t);
  for (const who of ['web', 'db']) await shared.addMachine(who, ['disk', `${who}-*`]);
  const { image } = await (await shared.owner()).capture(inPieces(SMALL), 'template');
  const template = await readManifest(await shared.objects('owner'), image!.publication as PubId);
  return { shared, template };
}

const POLICIES: readonly RetentionPolicy[] = [
  { last: 3 },
  { daily: 5 },
  { last: 2, daily: 4, weekly: 2 },
  { withinMs: 3 * DAY_MS },
  { last: 1, tags: ['good'] },
];

/** What the thief's clocks and sequences say, from cautious to absurd. */
const FLOODS: Readonly<Record<string, (i: number, nowMs: number) => Omit<Dated, 'name'>>> = {
  now: (i, nowMs) => ({ sequence: 100 + i, createdMs: nowMs - 1000 * (FLOOD - i) }),
  'each of a day before': (i, nowMs) => ({ sequence: 1 + i, createdMs: nowMs - DAY_MS * (FLOOD - i) }),
  'years ahead': (i, nowMs) => ({ sequence: 100 + i, createdMs: nowMs + DAY_MS * i }),
  'from 1970, and the highest sequence': (i) => ({ sequence: Number.MAX_SAFE_INTEGER, createdMs: i }),
  'with the tag of another': (i, nowMs) => ({ sequence: 100 + i, createdMs: nowMs, tag: 'good' }),
};

test('a flood under a shared name evicts no image of another writer', async (t) => {
  const { shared, template } = await storeWithSharedName(t);
  const nowMs = Date.now();
  const [owner, db] = [await shared.thief('owner'), await shared.thief('db')];
  for (let day = 9; day >= 0; day--) {
    const createdMs = nowMs - day * DAY_MS - 3_600_000;
    const dated = { sequence: 10 - day, createdMs, appearedMs: createdMs };
    const tag = day === 7 ? { tag: 'good' } : {};
    await publish(shared, owner, template, { ...dated, ...tag });
    await publish(shared, db, template, dated);
  }
  const judged = async (policy: RetentionPolicy, store: Store) => {
    const { images } = await store.prune({ policy, names: ['disk'], dryRun: true });
    const others = images.filter(({ image }) => image.signedBy?.writer !== 'web');
    return others.map(({ image, rules }) => [image.signedBy?.writer, image.publication, rules]);
  };
  const before = new Map<RetentionPolicy, unknown>();
  const unflooded = await shared.owner();
  for (const policy of POLICIES) before.set(policy, await judged(policy, unflooded));
  const random = seededNumbers('flood');
  for (const [what, flood] of Object.entries(FLOODS)) {
    const flooded = shared.copy();
    const thief = await flooded.thief('web');
    for (let i = 0; i < FLOOD; i++) {
      const dated = flood(i, nowMs);
      const appearedMs = nowMs - Math.floor(random() * 30 * DAY_MS); // as if the place's times could be set, too
      await publish(flooded, thief, template, { ...dated, appearedMs });
    }
    const store = await flooded.owner();
    for (const policy of POLICIES)
      t.deepEqual(await judged(policy, store), before.get(policy), `${what}: ${JSON.stringify(policy)}`);
  }
});

test('a machine moves the tags of its own images alone', async (t) => {
  const { shared, template } = await storeWithSharedName(t);
  const [owner, web, db] = [await shared.thief('owner'), await shared.thief('web'), await shared.thief('db')];
  const at = (sequence: number) => ({ sequence, createdMs: Date.now() + sequence });
  const golden = await publish(shared, owner, template, { ...at(1), tag: 'golden' });
  const first = await publish(shared, web, template, { ...at(2), tag: 'nightly' });
  await publish(shared, web, template, { ...at(3), tag: 'golden' });
  await publish(shared, db, template, { ...at(4), tag: 'nightly' });
  const tagged = async (tag: string) => (await (await shared.owner()).image(`disk:${tag}`)).publication;
  t.is(await tagged('golden'), golden);
  t.is(await tagged('nightly'), first);
  const next = await publish(shared, web, template, { ...at(5), tag: 'nightly' });
  t.is(await tagged('nightly'), next, 'its own moves');
  const owners = await publish(shared, owner, template, { ...at(6), tag: 'nightly' });
  t.is(await tagged('nightly'), owners, 'full access moves all');
  await publish(shared, web, template, { ...at(7), tag: 'nightly' });
  t.is(await tagged('nightly'), owners);
});

for (const [what, end] of Object.entries({
  rotation: (shared: SharedStore) => shared.owner().then((owner) => owner.keys!.rotate()),
  removal: (shared: SharedStore) => shared.owner().then((owner) => owner.keys!.remove('web')),
})) {
  test(`a ${what} ends a stolen key, whatever it dates its images to`, async (t) => {
    const { shared, template } = await storeWithSharedName(t);
    const stolen = await shared.thief('web');
    const { image: first } = await (await shared.open('web')).capture(inPieces(SMALL), 'web-1');
    const disk = seededBytes('good', 8192);
    const { image: last } = await (await shared.open('web')).capture(inPieces(disk), 'web-1');
    await end(shared);
    const name = 'web-1';
    const beforeMs = last!.created.getTime() - 1;
    const forgeries: readonly Dated[] = [
      { name, sequence: 1000, createdMs: Date.now() },
      { name, sequence: 1000, createdMs: beforeMs },
      { name, sequence: last!.sequence, createdMs: last!.created.getTime() + 1 },
      { name: 'web-2', sequence: 1, createdMs: beforeMs },
    ];
    for (const dated of forgeries)
      await publish(shared, stolen, template, { ...dated, appearedMs: dated.createdMs });
    const owner = await shared.owner();
    const images = (await owner.images()).filter((image) => image.name !== 'template');
    t.deepEqual(
      images.map(({ publication }) => publication),
      [first!.publication, last!.publication],
      'what was there stays, and nothing comes to it',
    );
    t.true((await restoredBytes(owner, name)).equals(disk));
    const { hints } = await owner.doctor();
    t.is(hints.filter(({ code }) => code === 'image-not-allowed').length, forgeries.length);
  });
}
