/** What a client remembers of a store with keys, and what an older state of it looks like then. */
import { randomBytes } from 'node:crypto';
import {
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { OpenOptions, Store, Warning } from '../../src/index.js';
import { configKey, nameKey } from '../../store-format/index.js';
import { inPieces, library } from '../support/library-store.js';
import { folderFor } from '../support/machine.js';

const { initStore, openStore } = library;
const disk = () => inPieces(randomBytes(100_000));

interface Client {
  readonly warnings: Warning[];
  /** Opened and closed again. */
  readonly with: <T>(work: (store: Store) => Promise<T>, options?: OpenOptions) => Promise<T>;
}

interface Scene {
  readonly folder: string;
  readonly location: string;
  readonly key: string;
  /** Each name has a memory of its own. */
  readonly client: (name: string) => Client;
}

async function scene(t: ExecutionContext): Promise<Scene> {
  const folder = folderFor(t);
  const location = join(folder, 'store');
  let key = '';
  const onKey = async (text: string) => {
    key = text;
  };
  await initStore(location, { encrypt: { onKey }, stateFolder: join(folder, 'maker') });
  const client = (name: string): Client => {
    const warnings: Warning[] = [];
    const open = (options: OpenOptions) =>
      openStore(location, {
        stateFolder: join(folder, name),
        cacheFolder: join(folder, 'cache'),
        parallelism: 1,
        onWarning: (warning) => warnings.push(warning),
        unlock: async () => ({ kind: 'key', text: key }),
        ...options,
      });
    return {
      warnings,
      with: async (work, options = {}) => {
        const store = await open(options);
        try {
          return await work(store);
        } finally {
          await store.close();
        }
      },
    };
  };
  return { folder, location, key, client };
}

const codes = ({ warnings }: Client) => warnings.splice(0).map(({ code }) => code);

test('a whole store that is put back to what it was is found out by who has seen more, and by nobody else', async (t) => {
  const { folder, location, client } = await scene(t);
  const me = client('me');
  await me.with((store) => store.capture(disk(), 'web'));
  cpSync(location, join(folder, 'old'), { recursive: true });
  const { image } = await me.with((store) => store.capture(disk(), 'web'));
  renameSync(location, join(folder, 'new'));
  cpSync(join(folder, 'old'), location, { recursive: true });
  codes(me);
  t.is((await me.with((store) => store.images())).length, 1, 'readers go on');
  const [warning] = me.warnings.splice(0);
  t.is(warning?.code, 'rolled-back');
  t.regex(warning!.message, new RegExp(`image ${image!.publication.slice(0, 8)} of web is gone`));
  t.regex(warning!.message, /doppel key trust/);
  const writers: readonly ((store: Store) => Promise<unknown>)[] = [
    (store) => store.capture(disk(), 'web'),
    (store) => store.remove('web'),
    (store) => store.tag('web', 'stable'),
    (store) => store.prune({ policy: { last: 1 } }),
    (store) => store.gc(),
  ];
  for (const write of writers) await t.throwsAsync(me.with(write), { code: 'rolled-back' });
  const verified = await me.with((store) => store.verify());
  t.deepEqual(
    verified.problems.map(({ code }) => code),
    ['rolled-back'],
  );
  codes(me);
  const stranger = client('stranger');
  await stranger.with((store) => store.images());
  t.deepEqual(codes(stranger), [], 'a fresh client cannot tell');
  rmSync(location, { recursive: true });
  renameSync(join(folder, 'new'), location);
  await me.with((store) => store.capture(disk(), 'web'));
  t.deepEqual(codes(me), [], 'the newer one is fine again');
});

test('an older config is found out, and so is another one of the same number', async (t) => {
  const { folder, location, client } = await scene(t);
  const [me, other] = [client('me'), client('other')];
  await me.with((store) => store.changeSetting('level', '3'));
  cpSync(location, join(folder, 'old'), { recursive: true });
  await me.with((store) => store.changeSetting('level', '4'));
  await me.with(async () => {});
  rmSync(location, { recursive: true });
  cpSync(join(folder, 'old'), location, { recursive: true });
  await me.with((store) => store.images());
  t.deepEqual(codes(me), ['rolled-back']);
  await t.throwsAsync(
    me.with((store) => store.changeSetting('level', '5')),
    { code: 'rolled-back', message: /config 4 is gone \(the newest is 3\)/ },
  );
  await t.throwsAsync(
    me.with((store) => store.keys!.rotate()),
    { code: 'rolled-back' },
  );
  codes(me);
  await other.with((store) => store.changeSetting('level', '6')); // config 4 again, of another client
  await me.with((store) => store.images());
  t.regex(me.warnings[0]!.message, /config 4 is another one than was seen/);
  codes(me);
  await me.with((store) => store.images(), { trust: true });
  t.deepEqual(codes(me), []);
  await me.with((store) => store.changeSetting('level', '7'));
  t.deepEqual(codes(me), []);
});

test('a record of a name that is taken back is found out', async (t) => {
  const { location, client } = await scene(t);
  const me = client('me');
  await me.with((store) => store.capture(disk(), 'web'));
  await me.with((store) => store.tag('web', 'one'));
  await me.with((store) => store.tag('web', 'two'));
  await me.with((store) => store.images());
  const [folder] = readdirSync(join(location, 'tags'));
  unlinkSync(join(location, nameKey(`tags/${folder}`, 2)));
  await t.throwsAsync(
    me.with((store) => store.tag('web', 'three')),
    { code: 'rolled-back', message: /record 2 of web is gone \(the newest is 1\)/ },
  );
});

test('images that others remove and purge are no rollback, and a name may begin anew', async (t) => {
  const { client } = await scene(t);
  const [me, other] = [client('me'), client('other')];
  await me.with((store) => store.capture(disk(), 'web'));
  await me.with((store) => store.tag('web', 'one'));
  await me.with((store) => store.capture(disk(), 'mail'));
  await other.with((store) => store.remove('web'));
  await other.with((store) => store.gc());
  await me.with((store) => store.capture(disk(), 'web'));
  await me.with((store) => store.remove('mail'));
  await me.with((store) => store.gc());
  await me.with((store) => store.capture(disk(), 'web'));
  t.deepEqual(
    (await me.with((store) => store.images())).map(({ name }) => name),
    ['web', 'web'],
  );
  t.deepEqual([...codes(me), ...codes(other)], []);
});

test('what cannot be read is damage, not a rollback', async (t) => {
  const { location, client } = await scene(t);
  const me = client('me');
  await me.with((store) => store.capture(disk(), 'web'));
  const [id] = readdirSync(join(location, 'images'));
  const path = join(location, 'images', id!);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
  writeFileSync(join(location, configKey(2)), 'torn');
  await me.with((store) => store.images());
  t.deepEqual(codes(me), ['object-skipped', 'image-unreadable']);
});

test('a store without keys, or of another owner, where one with keys was', async (t) => {
  const { folder, location, key, client } = await scene(t);
  const me = client('me');
  await me.with((store) => store.capture(disk(), 'web'));
  renameSync(location, join(folder, 'mine'));
  await initStore(location, { stateFolder: join(folder, 'other') });
  let asked = 0;
  const options: OpenOptions = {
    unlock: async () => {
      asked++;
      return { kind: 'key', text: key };
    },
  };
  await t.throwsAsync(
    me.with(async () => {}, options),
    { code: 'rolled-back', message: /has none now/ },
  );
  await t.throwsAsync(
    client('fresh').with(async () => {}, { requireKeys: true }),
    { code: 'key-wrong' },
  );
  await client('fresh').with(async () => {});
  rmSync(location, { recursive: true });
  await initStore(location, { encrypt: { onKey: async () => {} }, stateFolder: join(folder, 'other') });
  await t.throwsAsync(
    me.with(async () => {}, options),
    { code: 'rolled-back', message: /another one/ },
  );
  t.is(asked, 0, 'no secret for a store that is not the right one');
  rmSync(location, { recursive: true });
  renameSync(join(folder, 'mine'), location);
  await me.with((store) => store.capture(disk(), 'web'));
});

test('whoever makes a store anew at the same place is not refused', async (t) => {
  const { folder, location, client } = await scene(t);
  const me = client('me');
  await me.with((store) => store.capture(disk(), 'web'));
  rmSync(location, { recursive: true });
  await initStore(location, { stateFolder: join(folder, 'me') });
  await me.with((store) => store.capture(disk(), 'web'));
  t.deepEqual(codes(me), []);
});

test('the memory is for the user alone, tells no names, and keeps nobody from working', async (t) => {
  const { folder, location, client } = await scene(t);
  const me = client('me');
  await me.with((store) => store.capture(disk(), 'a-telling-name'));
  await me.with((store) => store.images());
  const [file] = readdirSync(join(folder, 'me'));
  const path = join(folder, 'me', file!);
  t.is(statSync(path).mode & 0o777, 0o600);
  t.is(statSync(join(folder, 'me')).mode & 0o777, 0o700);
  const text = readFileSync(path, 'utf8');
  t.false(text.includes('a-telling-name'));
  t.true(text.includes(readdirSync(join(location, 'images'))[0]!));
  writeFileSync(path, 'no memory');
  await me.with((store) => store.images());
  t.is(readFileSync(path, 'utf8').length > 100, true, 'it begins anew');
  writeFileSync(join(folder, 'blocked'), 'a file where a folder should be');
  const blocked = client('blocked');
  await blocked.with((store) => store.capture(disk(), 'web'));
  const none = { stateFolder: false } as const;
  await me.with((store) => store.images(), none);
  t.deepEqual([...codes(me), ...codes(blocked)], []);
});
