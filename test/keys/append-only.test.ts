/**
 * The server settings that SECURITY.md names, with a machine that is another user than the store's: it stores its disk, and
 * takes nothing away. Needs root, and a file system with append-only folders.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { environment, missing, PROGRAM } from '../cli/run-doppel.js';
import { restoredBytes } from '../support/library-store.js';
import { atEnd, tool } from '../support/machine.js';
import { seededDisk } from '../support/seeded-disk.js';
import { filesOf } from '../support/store-files.js';
import { SharedStore } from './machines.js';

const USER = 65534;
const DISK = seededDisk('append-only', 3_000_000);

function asUser(home: string, command: string, ...words: string[]) {
  const env = environment({
    HOME: home,
    XDG_STATE_HOME: join(home, 'state'),
    XDG_CACHE_HOME: join(home, 'cache'),
  });
  return spawnSync(command, words, { uid: USER, gid: USER, encoding: 'utf8', cwd: '/', env });
}

test('a machine that may write to four folders, two of them append-only, stores its disk and deletes nothing', async (t) => {
  if (process.getuid?.() !== 0) return missing(t, 'needs root, to be another user');
  if (asUser('/', process.execPath, PROGRAM, 'version').status !== 0)
    return missing(t, 'needs a build that other users can read');
  const shared = await SharedStore.make(t);
  await shared.addMachine('web', ['web']);
  const { image } = await (await shared.owner()).capture(seeded(), 'golden');
  const store = shared.location;
  const appendOnly = ['images', ...readdirSync(join(store, 'packs')).map((shard) => `packs/${shard}`)];
  for (const folder of [...appendOnly, 'leases', 'tmp']) {
    chownSync(join(store, folder), 0, USER);
    chmodSync(join(store, folder), folder === 'leases' || folder === 'tmp' ? 0o1770 : 0o1775);
  }
  const paths = appendOnly.map((folder) => join(store, folder));
  if (!tool(t, 'chattr', '+a', ...paths)) return;
  atEnd(t, 'chattr', '-a', ...paths);

  chmodSync(shared.folder, 0o755);
  const home = join(shared.folder, 'home');
  mkdirSync(home);
  const [key, disk] = [join(home, 'key'), join(home, 'disk')];
  writeFileSync(key, shared.keyOf('web'));
  writeFileSync(disk, DISK);
  for (const path of [home, key, disk]) chownSync(path, USER, USER);
  for (const stored of ['new', 'shared']) {
    const run = asUser(
      home,
      process.execPath,
      PROGRAM,
      'capture',
      disk,
      'web',
      '--store',
      store,
      '--key-file',
      key,
    );
    t.is(run.status, 0, `${stored}: ${run.stderr}`);
  }
  for (const folder of ['leases', 'tmp']) t.deepEqual(readdirSync(join(store, folder)), [], folder);

  const before = filesOf(store, '.');
  for (const path of [...filesOf(store, 'packs'), ...filesOf(store, 'images')]) {
    t.not(asUser(home, 'rm', '-f', path).status, 0, `rm ${path}`);
    t.not(asUser(home, 'mv', path, `${path}.away`).status, 0, `mv ${path}`);
    t.not(asUser(home, 'mv', '-f', disk, path).status, 0, `over ${path}`);
  }
  t.not(asUser(home, 'touch', join(store, 'removed', `${image!.publication}.1`)).status, 0);
  t.not(asUser(home, 'mv', join(store, 'images'), join(store, 'away')).status, 0);
  t.deepEqual(filesOf(store, '.'), before);
  const owner = await shared.owner();
  t.true((await restoredBytes(owner, 'web')).equals(DISK));
  t.deepEqual((await owner.scrub()).problems, []);
});

async function* seeded() {
  yield seededDisk('golden', 500_000);
}
