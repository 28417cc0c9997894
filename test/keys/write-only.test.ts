/** A machine that may only write: it stores its disk at the cost of what changed, and reads nothing, not even its own. */
import { cpSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Kem } from '../../store-format/index.js';
import { inPieces, restoredBytes } from '../support/library-store.js';
import { editedDisk, seededBytes, seededDisk } from '../support/seeded-disk.js';
import { filesOf, flipByte } from '../support/store-files.js';
import { SharedStore } from './machines.js';

const MIB = 1024 ** 2;
const DISK = seededDisk('write-only', 3 * MIB + 1000);
const LATER = editedDisk(DISK, 'write-only later');

test('stores what changed, with its last image as the parent, and the owner gets all of it', async (t) => {
  const shared = await SharedStore.make(t);
  await shared.addMachine('web', ['web', 'web-*']);
  const first = await (await shared.open('web')).capture(inPieces(DISK), 'web');
  t.is(first.newBytes + first.image!.size - first.image!.usedBytes, DISK.length, 'nothing was there');
  const again = await (await shared.open('web')).capture(inPieces(DISK), 'web');
  t.is(again.storedBytes, 0);
  t.is(again.image!.parent, first.image!.publication);
  const later = await (await shared.open('web')).capture(inPieces(LATER), 'web');
  t.is(later.image!.parent, again.image!.publication);
  t.true(later.newBytes > 0 && later.newBytes < 1.5 * MIB, `${later.newBytes} new`);
  const other = await (await shared.open('web')).capture(inPieces(LATER), 'web-2');
  t.is(other.newBytes, 0, 'its own packs serve whatever the name');

  const owner = await shared.owner();
  t.true((await restoredBytes(owner, 'web')).equals(LATER));
  t.true((await restoredBytes(owner, 'web~2')).equals(DISK));
  const images = await owner.images();
  t.deepEqual(
    images.map(({ name, sequence, signedBy }) => [name, sequence, signedBy?.writer, signedBy?.access]),
    [
      ['web', 1, 'web', 'write'],
      ['web', 2, 'web', 'write'],
      ['web', 3, 'web', 'write'],
      ['web-2', 4, 'web', 'write'],
    ],
  );
  t.deepEqual((await owner.verify()).problems, []);
  t.deepEqual(shared.warnings, []);
});

test('reads nothing, removes nothing, decides nothing', async (t) => {
  const shared = await SharedStore.make(t);
  await shared.addMachine('web', ['web']);
  const { image } = await (await shared.open('web')).capture(inPieces(DISK), 'web');
  const before = filesOf(shared.location, '.');
  const store = await shared.open('web');
  const refused = { code: 'key-forbids' };
  const attempts: Record<string, () => Promise<unknown>> = {
    images: () => store.images(),
    image: () => store.image('web'),
    restore: () => store.restore('web', join(shared.folder, 'out')),
    openImage: () => store.openImage('web'),
    diff: () => store.diff('web', 'web'),
    verify: () => store.verify(),
    stats: () => store.stats(),
    doctor: () => store.doctor(),
    scrub: () => store.scrub(),
    gc: () => store.gc({ waitMs: 0 }),
    prune: () => store.prune({ policy: { last: 1 } }),
    remove: () => store.remove('web'),
    tag: () => store.tag('web', 'good'),
    protect: () => store.protect('web'),
    rotate: () => store.keys!.rotate(),
    addKey: () => store.keys!.add({ label: 'mine', onKey: async () => {} }),
    otherName: () => store.capture(inPieces(DISK), 'mail'),
    foreignParent: () => store.capture(inPieces(DISK), 'web', { parent: 'mail' }),
  };
  for (const [what, attempt] of Object.entries(attempts)) await t.throwsAsync(attempt(), refused, what);
  t.deepEqual(filesOf(shared.location, '.'), before, 'and leaves nothing behind');

  // Nor does what it holds open what it stored, whatever program it runs.
  const objects = await shared.objects('web');
  await t.throwsAsync(objects.get(`images/${image!.publication}`), refused);
  for (const path of filesOf(shared.location, 'packs')) {
    const { bytes } = await objects.get(path.slice(shared.location.length + 1));
    t.throws(() => objects.vault.openSeal(bytes.subarray(16, 136), Kem.readers), {
      message: /bad-seal|no key|seal/i,
    });
  }
});

test("relies on another machine's packs once somebody with full access has decoded them", async (t) => {
  const shared = await SharedStore.make(t);
  for (const who of ['web', 'db', 'mail']) await shared.addMachine(who, [who]);
  const first = await (await shared.open('web')).capture(inPieces(DISK), 'web');
  const early = await (await shared.open('db')).capture(inPieces(DISK), 'db');
  t.is(early.newBytes, first.newBytes, 'before, each stores its own');
  const owners = await (await shared.owner()).capture(inPieces(DISK), 'owners');
  t.is(owners.newBytes, first.newBytes, 'the owner, too');
  await (await shared.owner()).scrub({ depth: 'stored' });
  t.deepEqual((await (await shared.owner()).scrub()).problems, []);
  const late = await (await shared.open('mail')).capture(inPieces(DISK), 'mail');
  t.is(late.storedBytes, 0);
  t.true((await restoredBytes(await shared.owner(), 'mail')).equals(DISK));
});

test('relies on what the owner stored at once', async (t) => {
  const shared = await SharedStore.make(t);
  await shared.addMachine('web', ['web']);
  await (await shared.owner()).capture(inPieces(DISK), 'golden');
  t.is((await (await shared.open('web')).capture(inPieces(DISK), 'web')).storedBytes, 0);
});

test('goes on when its own copy is gone, damaged, cut or older, and only saves less', async (t) => {
  const shared = await SharedStore.make(t);
  await shared.addMachine('web', ['web']);
  const own = shared.ownWork('web');
  const files = () => readdirSync(own).map((name) => join(own, name));
  const old = join(shared.folder, 'old');
  await (await shared.open('web')).capture(inPieces(DISK), 'web');
  cpSync(own, old, { recursive: true });
  await (await shared.owner()).scrub();
  const hurts: Record<string, () => void> = {
    gone: () => rmSync(own, { recursive: true }),
    // A page of it that cannot be read takes nothing from the others.
    'damaged in a page': () => files().forEach((path) => void flipByte(path, 100)),
    'damaged at its end': () => files().forEach((path) => void flipByte(path, -1)),
    cut: () => files().forEach((path) => void truncateSync(path, 30)),
    empty: () => files().forEach((path) => void truncateSync(path, 0)),
  };
  for (const [what, hurt] of Object.entries(hurts)) {
    hurt();
    const { image, storedBytes } = await (await shared.open('web')).capture(inPieces(DISK), 'web');
    t.is(storedBytes, 0, `${what}: the packs are attested`);
    t.is(image!.parent !== undefined, what === 'damaged in a page', what);
    const next = await (await shared.open('web')).capture(inPieces(DISK), 'web');
    t.is(next.image!.parent, image!.publication, `${what}: it has a copy again`);
  }
  await (await shared.open('web')).capture(inPieces(LATER), 'web');
  rmSync(own, { recursive: true });
  cpSync(old, own, { recursive: true });
  await (await shared.open('web')).capture(inPieces(LATER), 'web');
  const owner = await shared.owner();
  const images = await owner.images();
  t.deepEqual(
    images.map(({ sequence }) => sequence),
    images.map((_, i) => i + 1),
    'an older copy does not bring an image out of its order',
  );
  t.true((await restoredBytes(owner, 'web')).equals(LATER));
  t.deepEqual((await owner.verify()).problems, []);
});

test('a capture that stopped in the middle has left what the next one needs', async (t) => {
  const shared = await SharedStore.make(t);
  await shared.addMachine('web', ['web']);
  const large = seededBytes('write-only large', 40 * MIB);
  const controller = new AbortController();
  async function* stopping() {
    for (let at = 0; at < large.length; at += MIB) {
      if (at === 32 * MIB) controller.abort(new Error('the cable was pulled'));
      yield large.subarray(at, at + MIB);
    }
  }
  const stopped = (await shared.open('web')).capture(stopping(), 'web', { signal: controller.signal });
  await t.throwsAsync(stopped, { message: /cable/ });
  const { newBytes } = await (await shared.open('web')).capture(inPieces(large), 'web');
  t.true(newBytes < 38 * MIB, `${newBytes} new`);
  t.true((await restoredBytes(await shared.owner(), 'web')).equals(large));
});

test('what the owner has removed and collected is stored again, not relied on', async (t) => {
  const shared = await SharedStore.make(t);
  await shared.addMachine('web', ['web']);
  const first = await (await shared.open('web')).capture(inPieces(DISK), 'web');
  const owner = await shared.owner();
  await owner.remove('web');
  await owner.gc({ waitMs: 0, graceMs: 0 });
  t.deepEqual(filesOf(shared.location, 'packs'), []);
  const again = await (await shared.open('web')).capture(inPieces(DISK), 'web');
  t.is(again.newBytes, first.newBytes);
  t.is(again.image!.parent, undefined);
  t.true((await restoredBytes(await shared.owner(), 'web')).equals(DISK));
});

test('what a capture relies on stays while it goes on, though the owner removes and collects it', async (t) => {
  const shared = await SharedStore.make(t);
  await shared.addMachine('web', ['web']);
  const first = await (await shared.open('web')).capture(inPieces(DISK), 'web');
  const owner = await shared.owner();
  async function* meanwhile() {
    yield* inPieces(DISK.subarray(0, MIB));
    await owner.remove('web');
    await owner.gc({ waitMs: 0, graceMs: 0 });
    yield* inPieces(DISK.subarray(MIB));
  }
  const { image, storedBytes } = await (await shared.open('web')).capture(meanwhile(), 'web');
  t.is(image!.parent, first.image!.publication);
  t.is(storedBytes, 0);
  await (await shared.owner()).gc({ waitMs: 0, graceMs: 0 });
  t.true((await restoredBytes(await shared.owner(), 'web')).equals(DISK));
  t.deepEqual((await (await shared.owner()).verify()).problems, []);
});

test('its key file outlives a rotation, and not its removal', async (t) => {
  const shared = await SharedStore.make(t);
  await shared.addMachine('web', ['web']);
  const first = await (await shared.open('web')).capture(inPieces(DISK), 'web');
  const running = await shared.open('web');
  async function* rotated() {
    yield* inPieces(LATER.subarray(0, MIB));
    await (await shared.owner()).keys!.rotate();
    yield* inPieces(LATER.subarray(MIB));
  }
  await t.throwsAsync(running.capture(rotated(), 'web'), { code: 'conflict', message: /rotated/ });
  const next = await (await shared.open('web')).capture(inPieces(LATER), 'web');
  t.is(next.newBytes, 0, 'what was stored under the old key serves');
  const images = await (await shared.owner()).images();
  t.deepEqual(
    images.map(({ publication }) => publication),
    [first.image!.publication, next.image!.publication],
  );
  t.not(images[0]!.signedBy!.key, images[1]!.signedBy!.key);
  const late = await shared.open('web');
  await (await shared.owner()).keys!.remove('web');
  await t.throwsAsync(shared.open('web'), { code: 'key-wrong', message: /removed/ });
  await t.throwsAsync(late.capture(inPieces(DISK), 'web'), { code: 'key-wrong', message: /removed/ });
  t.true((await restoredBytes(await shared.owner(), 'web')).equals(LATER), 'what it stored stays');
});
