/**
 * A thief with the key of a machine that may only write, who puts into the store what he likes: packs that claim chunks that
 * they do not hold, images under names of others, records that decide for others. Nobody relies on any of it.
 */
import { rmSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { capture } from '../../src/capture/capture.js';
import { blake3 } from '../../src/hashing/blake3.js';
import type { ObjectStore } from '../../src/objects/object-store.js';
import { listPacks } from '../../src/packs/list-packs.js';
import { PackWriter } from '../../src/packs/pack-writer.js';
import { readPackTail } from '../../src/packs/read-tail.js';
import {
  attestedKey,
  condemnedKey,
  damagedKey,
  encodeRecord,
  FrameCodec,
  gcKey,
  type LeaseId,
  lostKey,
  markKey,
  nameFolder,
  nameKey,
  type PackId,
  type PubId,
  type RecordKind,
  toHex,
} from '../../store-format/index.js';
import { inPieces, restoredBytes } from '../support/library-store.js';
import { editedDisk, seededBytes, seededDisk } from '../support/seeded-disk.js';
import { filesOf } from '../support/store-files.js';
import { asIfFull, SharedStore, underAllNames } from './machines.js';

const MIB = 1024 ** 2;
const DISK = seededDisk('poisoning', 2 * MIB + 1000);
const LATER = editedDisk(DISK, 'poisoning later');

async function storeWithMachines(t: ExecutionContext): Promise<SharedStore> {
  const shared = await SharedStore.make(t);
  for (const who of ['web', 'db']) await shared.addMachine(who, [who, 'shared']);
  return shared;
}

/**
 * Packs that claim all that a capture of the disk needs, chunks, recipes and pages, and hold noise. The thief makes out the
 * ids by a capture in a copy of the store, as he has the id key.
 */
async function claimAll(shared: SharedStore, who: string, disk: Buffer): Promise<readonly PackId[]> {
  const copy = shared.copy();
  await (await copy.owner()).capture(inPieces(disk), 'template');
  const template = await copy.objects('owner');
  const { objects, environment } = await shared.thief(who);
  const claimed: PackId[] = [];
  for (const pack of (await listPacks(template)).present) {
    const { footer } = await readPackTail(template, pack);
    const onPack = async ({ id }: { readonly id: PackId }) => {
      claimed.push(id);
    };
    const lease = toHex(environment.random(16)) as LeaseId;
    const writer = new PackWriter({ objects, environment, kind: footer.kind, lease, onPack });
    let entry = 0;
    for (const { kind, plainBytes, entries } of footer.frames) {
      const stored = seededBytes(`noise ${entry}`, plainBytes);
      const lengths = [...footer.lengths.subarray(entry, entry + entries)];
      const ids = footer.ids.subarray(32 * entry, 32 * (entry + entries));
      const hash = blake3(stored);
      await writer.append({ kind, codec: FrameCodec.stored, plainBytes, stored, hash, lengths, ids });
      entry += entries;
    }
    await writer.finish();
  }
  return claimed;
}

const pathsOf = (shared: SharedStore, packs: readonly PackId[]) =>
  filesOf(shared.location, 'packs').filter((path) => packs.some((pack) => path.endsWith(pack)));

test('claims of chunks that a pack does not hold make nobody leave them out', async (t) => {
  const shared = await storeWithMachines(t);
  const { newBytes } = await (await shared.copy().owner()).capture(inPieces(DISK), 'mine');
  const forged = await claimAll(shared, 'web', DISK);
  t.is(forged.length, 2, 'of data and of recipes');
  // The machine whose key was stolen remembers what it wrote itself: the thief's packs are not among that.
  const names = { db: 'db', web: 'web', owner: 'mine' };
  // The owner comes last: on what it stores, all rely.
  for (const [who, name] of Object.entries(names)) {
    const captured = await (await shared.open(who)).capture(inPieces(DISK), name);
    t.is(captured.newBytes, newBytes, who);
  }
  const scrubbed = await (await shared.owner()).scrub();
  t.deepEqual(
    scrubbed.damagedPacks.map(({ pack, signedBy }) => [pack, signedBy]).sort(),
    forged.map((pack) => [pack, 'web']).sort(),
    'a scrub tells whose they are',
  );
  for (const [who, name] of Object.entries(names))
    await (await shared.open(who)).capture(inPieces(LATER), name);
  for (const path of pathsOf(shared, forged)) rmSync(path);
  const owner = await shared.owner();
  for (const name of Object.values(names)) {
    t.true((await restoredBytes(owner, name)).equals(LATER), name);
    t.true((await restoredBytes(owner, `${name}~1`)).equals(DISK), `${name}~1`);
  }
  t.deepEqual((await owner.verify()).problems, []);
});

test('nor after a scrub that found them, nor when the thief attests them himself', async (t) => {
  const shared = await storeWithMachines(t);
  const forged = await claimAll(shared, 'web', DISK);
  const { objects } = await shared.thief('web', asIfFull);
  const run = 'a'.repeat(32) as LeaseId;
  const atMs = Date.now();
  const attestation = { lease: run, startedMs: atMs, atMs, depth: 'decoded', packs: forged };
  await putRecord(objects, attestedKey(run), 'attestation', attestation);
  t.true(filesOf(shared.location, 'attested').length === 1);
  await (await shared.owner()).scrub();
  for (const [who, name] of Object.entries({ db: 'db', owner: 'mine' })) {
    const { newBytes } = await (await shared.open(who)).capture(inPieces(DISK), name);
    t.true(newBytes > MIB, `${who}: ${newBytes}`);
    t.true((await restoredBytes(await shared.owner(), name)).equals(DISK), who);
  }
  for (const path of pathsOf(shared, forged)) rmSync(path);
  t.deepEqual((await (await shared.owner()).verify()).problems, []);
});

test('a gc keeps what is sound, and no forged pack in its place', async (t) => {
  const shared = await storeWithMachines(t);
  await (await shared.owner()).capture(inPieces(DISK), 'mine');
  const forged = await claimAll(shared, 'web', DISK);
  await (await shared.owner()).gc({ waitMs: 0, graceMs: 0 });
  for (const path of pathsOf(shared, forged)) rmSync(path);
  t.true((await restoredBytes(await shared.owner(), 'mine')).equals(DISK));
});

test('an image under a name that is not its writer counts for nothing, and is told', async (t) => {
  const shared = await storeWithMachines(t);
  await (await shared.owner()).capture(inPieces(DISK), 'mail');
  const thief = await shared.thief('web', underAllNames);
  const { image: forged } = await capture(thief, inPieces(LATER), 'mail', { tag: 'good' });
  await capture(thief, inPieces(LATER), 'new', {});
  const owner = await shared.owner();
  t.deepEqual(
    (await owner.images()).map(({ name, sequence }) => [name, sequence]),
    [['mail', 1]],
  );
  t.true((await restoredBytes(owner, 'mail')).equals(DISK));
  await t.throwsAsync(owner.image('mail:good'), { code: 'unknown-reference' });
  await t.throwsAsync(owner.image('new'), { code: 'unknown-reference' });
  const told = (hints: readonly { readonly code: string }[]) =>
    hints.filter(({ code }) => code === 'image-not-allowed').length;
  t.is(told((await owner.doctor()).hints), 2);
  t.is(told((await owner.scrub()).hints), 2);
  await owner.remove(`@${forged!.publication}`);
  t.is(told((await (await shared.owner()).doctor()).hints), 1);
});

test('what full access alone may decide, nobody else decides', async (t) => {
  const shared = await storeWithMachines(t);
  const { image } = await (await shared.owner()).capture(inPieces(DISK), 'mail');
  const pubId = image!.publication as PubId;
  const { objects } = await shared.thief('web', asIfFull);
  const [pack] = [...(await listPacks(objects)).present];
  const id = 'b'.repeat(32) as LeaseId;
  const folder = nameFolder('mail', blake3);
  const atMs = Date.now();
  const records: readonly [string, RecordKind, unknown][] = [
    [markKey(pubId, 1), 'mark', { image: pubId, verdict: 'removed', atMs, by: 'owner' }],
    [
      nameKey(folder, 1),
      'name',
      { name: 'mail', tags: { good: { image: null, at: 9 } }, labels: {}, protected: [] },
    ],
    [condemnedKey(pack!), 'condemned', { pack, gc: id, atMs }],
    [damagedKey(pack!), 'damaged', { pack, atMs, reason: 'it says so' }],
    [attestedKey(id), 'attestation', { lease: id, atMs, depth: 'decoded', packs: [pack] }],
    [lostKey(id), 'lost', { id, atMs, entries: [] }],
    [gcKey(1), 'gc', { lease: id, startedMs: atMs }],
  ];
  const asOwner = await shared.objects('owner');
  for (const [key, kind, value] of records) {
    await putRecord(objects, key, kind, value);
    await t.throwsAsync(
      asOwner.get(key),
      { code: 'object-damaged', message: /"web" may not write it.*forged/ },
      key,
    );
  }
  // As if it were damaged: the image is there, and what forged files leave in doubt says so until they are deleted.
  const owner = await shared.owner();
  t.deepEqual(
    (await owner.images()).map(({ name, removed, tags }) => [name, removed, tags]),
    [['mail', false, []]],
  );
  t.true((await restoredBytes(owner, `@${image!.id}`)).equals(DISK));
  await t.throwsAsync(owner.image('mail'), { code: 'object-damaged', message: /forged: delete the file/ });
  await t.throwsAsync(owner.gc({ waitMs: 0, graceMs: 0 }), { code: 'object-damaged' });
  for (const [key] of records) await asOwner.delete(key);
  const later = await shared.owner();
  await later.gc({ waitMs: 0, graceMs: 0 });
  t.true((await restoredBytes(later, 'mail')).equals(DISK));
});

test('nor settings, nor keys', async (t) => {
  const shared = await storeWithMachines(t);
  await (await shared.owner()).capture(inPieces(DISK), 'mail');
  const seed = seededBytes('own owner', 32);
  const { objects, config } = await shared.thief('web', (keyring) => ({
    ...asIfFull(keyring),
    ownerSeed: seed,
  }));
  const key = 'config/0000000099';
  await objects.put(
    key,
    encodeRecord('config', key, { ...config, settings: { removedGraceHours: 77 } }, blake3),
  );
  const owner = await shared.owner();
  const grace = (await owner.settings()).find(({ name }) => name === 'removedGraceHours');
  t.is(grace?.value, 0);
  t.regex(shared.warnings.map(({ message }) => message).join('\n'), /config\/0000000099/);
  t.true((await restoredBytes(owner, 'mail')).equals(DISK));
  await t.throwsAsync(owner.capture(inPieces(DISK), 'mail'), { code: 'object-damaged' }, 'writers stop');
});

/** As a program does that does not ask whether it may. */
async function putRecord(objects: ObjectStore, key: string, kind: RecordKind, value: unknown): Promise<void> {
  await objects.claim(key, encodeRecord(kind, key, value, blake3));
}
