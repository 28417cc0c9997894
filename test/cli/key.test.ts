/** Stores with keys from the command line: where secrets come from, what the commands of `key` do, what nobody gets to see. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { cp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { DoctorReport, KeyInfo } from '../../src/index.js';
import { modulesOfBlocks, readQrCode } from '../support/qr-reader.js';
import { type KeyedStore, keyedStore, runtimeFolder, secretFile } from './keyed-store.js';
import { doppel, environment, finished, PROGRAM } from './run-doppel.js';
import { captureSlowly } from './slow-capture.js';

/** Stands in no file, argument or message of a run that goes well or badly. */
const PASSPHRASE = 'Tr0ub4dor und drei Zwerge';

let shared: KeyedStore;

test.before(async () => {
  shared = await keyedStore();
  const { folder, runWithKey } = shared;
  await writeFile(join(folder, 'disk.img'), randomBytes(200_000));
  await runWithKey(['capture', 'disk.img', 'web']);
  await secretFile(join(folder, 'passphrase'), `${PASSPHRASE}\nsecond line\n`);
  const added = await runWithKey(['key', 'add', 'typed', '--new-passphrase-file', 'passphrase']);
  if (added.code !== 0) throw new Error(added.stderr);
});

async function codeOf(...[words, options]: Parameters<KeyedStore['run']>): Promise<number | null> {
  const run = await shared.run(words, options);
  return run.code;
}

test('each source of a secret opens the store', async (t) => {
  const command = `printf '${PASSPHRASE}\\r\\nmore\\n'`;
  t.is(await codeOf(['--key-file', 'first.key', 'ls']), 0);
  t.is(await codeOf(['ls', '--passphrase-file', 'passphrase']), 0);
  t.is(await codeOf(['ls', `--passphrase-command=${command}`]), 0);
  t.is(await codeOf(['ls'], { env: { DOPPEL_KEY_FILE: 'first.key' } }), 0);
  t.is(await codeOf(['ls'], { env: { DOPPEL_PASSPHRASE_FILE: 'passphrase' } }), 0);
  t.is(await codeOf(['ls'], { env: { DOPPEL_PASSPHRASE: PASSPHRASE } }), 0);
  t.is(await codeOf(['ls'], { env: { DOPPEL_PASSPHRASE_COMMAND: command } }), 0);
});

test('an option goes before the environment, and a key file there before a passphrase', async (t) => {
  const env = { DOPPEL_PASSPHRASE: 'wrong' };
  t.is(await codeOf(['ls', '--key-file', 'first.key'], { env }), 0);
  t.is(await codeOf(['ls'], { env: { ...env, DOPPEL_KEY_FILE: 'first.key' } }), 0);
  t.is(await codeOf(['ls'], { env }), 13);
  t.is(await codeOf(['ls', '--key-file', 'passphrase'], { env: { DOPPEL_KEY_FILE: 'first.key' } }), 13);
});

test('a passphrase from a pipe that stays open, by its number', async (t) => {
  const { folder, store, env } = shared;
  const words = [process.execPath, PROGRAM, '--store', store, '--passphrase-file', '/dev/fd/3', 'ls'];
  const script = `"$@" 3< <(exec 2>&-; cat passphrase; sleep 60)`;
  const child = spawn('bash', ['-c', script, 'bash', ...words], { cwd: folder, env: environment(env) });
  const begun = performance.now();
  const run = await finished(child);
  t.is(run.code, 0, run.stderr);
  t.regex(run.stdout, /web/);
  t.true(performance.now() - begun < 60_000);
});

const REFUSALS: readonly (readonly [what: string, words: readonly string[], code: number, line: RegExp])[] = [
  [
    'no key at all',
    ['ls'],
    13,
    /^doppel: Store .* has keys, and none is at hand: give --key-file, .* "doppel key unlock" before\n$/,
  ],
  [
    'a wrong passphrase',
    ['ls', '--passphrase-command', 'echo wrong'],
    13,
    /^doppel: Wrong passphrase for store \S+\n$/,
  ],
  [
    'a file that is not there',
    ['ls', '--key-file', 'no-such'],
    13,
    /^doppel: Cannot read --key-file no-such: ENOENT/,
  ],
  ['a file that is no key', ['ls', '--key-file', 'passphrase'], 13, /^doppel: This is no key of doppel/],
  [
    'an empty first line',
    ['ls', '--passphrase-file', '/dev/null'],
    13,
    /^doppel: The first line of --passphrase-file \/dev\/null is empty/,
  ],
  ['an endless line', ['ls', '--passphrase-file', '/dev/zero'], 13, /too long to be a secret/],
  ['no text', ['ls', '--passphrase-command', `printf '\\377\\376'`], 13, /no text in UTF-8/],
  [
    'a command that fails',
    ['ls', '--passphrase-command', `echo ${PASSPHRASE}; exit 3`],
    13,
    /^doppel: The command of --passphrase-command ended with 3, and gave no passphrase\n$/,
  ],
  [
    'two sources',
    ['ls', '--key-file', 'a', '--passphrase-file', 'b'],
    2,
    /^doppel: --key-file and --passphrase-file exclude each other\n/,
  ],
  ['a file without a name', ['ls', '--key-file', ''], 2, /has no name/],
  [
    'no source for a new key',
    ['--key-file', 'first.key', 'key', 'add', 'x'],
    2,
    /give --new-passphrase-file, /,
  ],
  [
    'a label twice',
    ['--key-file', 'first.key', 'key', 'add', 'typed', '--new-key-file', 'again.key'],
    2,
    /There is a key "typed" already/,
  ],
  [
    'a key file over another file',
    ['--key-file', 'first.key', 'key', 'add', 'y', '--new-key-file', 'disk.img'],
    6,
    /is not written over/,
  ],
  [
    'a KDF for a key file',
    ['--key-file', 'first.key', 'key', 'add', 'y', '--new-key-file', 'z', '--kdf', 'scrypt'],
    2,
    /--kdf goes with a passphrase/,
  ],
  [
    'patterns without a machine',
    ['--key-file', 'first.key', 'key', 'add', '--names', 'x'],
    2,
    /--names goes with --write-only/,
  ],
  [
    'a machine with a passphrase',
    ['--key-file', 'first.key', 'key', 'add', '--write-only', 'm'],
    2,
    /--write-only needs --new-key-file/,
  ],
  ['an unknown key', ['--key-file', 'first.key', 'key', 'rm', 'nobody'], 2, /There is no key "nobody"/],
  ['a typing error', ['key', 'import', 'new.key', '--read', 'passphrase'], 13, /no key of doppel/],
  ['no time', ['--key-file', 'first.key', 'key', 'unlock', '--for', '0'], 2, /--for needs a time/],
];

for (const [what, words, code, line] of REFUSALS) {
  test(`refused: ${what}`, async (t) => {
    const run = await shared.run(words);
    t.is(run.code, code, run.stderr);
    t.regex(run.stderr, line);
    t.is(run.stdout, '');
    t.false(run.stderr.includes('at '.concat('Object')), 'no stack');
    t.false(run.stderr.includes(PASSPHRASE));
    const made = words.filter((word) => ['again.key', 'new.key', 'z'].includes(word));
    for (const path of made) t.false(existsSync(join(shared.folder, path)), path);
  });
}

test('errors of keys as JSON', async (t) => {
  const run = await shared.run(['ls', '--json'], { env: { DOPPEL_PASSPHRASE: 'wrong' } });
  t.is(run.code, 13);
  t.like(JSON.parse(run.stdout), { error: { code: 'key-wrong' } });
  const none = await shared.run(['ls', '--json']);
  t.like(JSON.parse(none.stdout), { error: { code: 'key-needed', details: { store: shared.store } } });
});

test('init makes a key file for its user alone, and leaves one that is there', async (t) => {
  const { folder, keyFile, run } = await keyedStore();
  t.is(statSync(keyFile).mode & 0o777, 0o600);
  const before = readFileSync(keyFile, 'utf8');
  t.regex(before, /^doppel1[a-z0-9]{162}\n$/);
  const other = join(folder, 'other');
  t.is((await run(['init', other, '--encrypt', '--key-file', keyFile])).code, 6);
  t.false(existsSync(other));
  t.is(readFileSync(keyFile, 'utf8'), before);
  t.is((await run(['init', '--encrypt', '--key-file', join(folder, 'second.key')])).code, 3);
  t.false(existsSync(join(folder, 'second.key')), 'a key that opens nothing is no key');
});

test('init with a passphrase, and what is refused', async (t) => {
  const { folder, run } = shared;
  const store = join(folder, 'with-passphrase');
  const env = { DOPPEL_PASSPHRASE: PASSPHRASE };
  t.is((await run(['init', store, '--encrypt', '--kdf', 'scrypt'], { env })).code, 0);
  t.is((await doppel(['--store', store, 'ls'], { env: { ...shared.env, ...env } })).code, 0);
  const table: readonly [readonly string[], RegExp][] = [
    [['init', join(folder, 'x'), '--encrypt'], /give --passphrase-file, --passphrase-command or --key-file/],
    [['init', join(folder, 'x'), '--key-file', 'x.key'], /--key-file goes with --encrypt/],
    [['init', join(folder, 'x'), '--kdf', 'argon2id'], /--kdf goes with --encrypt/],
    [
      ['init', join(folder, 'x'), '--encrypt', '--kdf', 'argon2id', '--key-file', 'x.key'],
      /--kdf goes with a pass/,
    ],
  ];
  for (const [words, message] of table) {
    const refused = await run(words);
    t.is(refused.code, 2, refused.stderr);
    t.regex(refused.stderr, message);
    t.false(existsSync(join(folder, 'x')));
  }
  const clear = await run(['init', join(folder, 'clear')], { env });
  t.is(clear.code, 0);
  t.regex(clear.stderr, /DOPPEL_PASSPHRASE is set, and this store has no keys/);
});

test('keys are listed, added, changed, rotated and removed', async (t) => {
  const { folder, run, runWithKey } = await keyedStore();
  const list = async () => JSON.parse((await runWithKey(['key', 'ls', '--json'])).stdout) as KeyInfo[];
  t.is((await runWithKey(['key', 'add', 'backup', '--new-key-file', 'backup.key'])).code, 0);
  const machine = await runWithKey([
    'key',
    'add',
    '--write-only',
    'web',
    '--new-key-file',
    'web.key',
    '--names',
    'web',
    '--names',
    'db-*',
  ]);
  t.is(machine.code, 0, machine.stderr);
  t.regex(machine.stdout, /may only add images named web, db-\*\n.*web\.key/);
  t.like(await list(), [
    { label: '', kind: 'file', access: 'full', inUse: true },
    { label: 'backup', kind: 'file', access: 'full', inUse: false },
    { label: 'web', access: 'write', names: ['web', 'db-*'] },
  ] as Partial<KeyInfo>[] as KeyInfo[]);
  const text = (await runWithKey(['key', 'ls'])).stdout;
  t.regex(
    text,
    /^ID +LABEL +OPENED BY +MAY +CREATED\n[0-9a-f]{8} +- +key file +do everything +\S+ \S+ +in use\n/,
  );
  const own = await run(['key', 'ls', '--key-file', 'web.key']);
  t.is(own.code, 13);
  t.regex(own.stderr, /Only a key with full access/);
  const rotated = await runWithKey(['key', 'rotate']);
  t.regex(rotated.stdout, /generation 2\), which 3 keys/);
  t.regex(rotated.stdout, /What was stored until now stays sealed with the old keys/);
  t.regex((await run(['key', 'rotate', '--help'])).stdout, /What was stored until now stays sealed/);
  const removed = await runWithKey(['key', 'rm', 'backup']);
  t.regex(removed.stdout, /^Key "backup" \([0-9a-f]{8}\) is gone: a key file with full access\n.*key rotate/);
  const gone = await run(['ls', '--key-file', 'backup.key']);
  t.is(gone.code, 13);
  t.regex(gone.stderr, /opens this store no more: it was removed/);
  const changed = await runWithKey(['key', 'change', '--new-key-file', 'newer.key']);
  t.is(changed.code, 0, changed.stderr);
  t.is((await runWithKey(['ls'])).code, 13);
  t.is((await run(['ls', '--key-file', join(folder, 'newer.key')])).code, 0);
});

test('a key on paper is read back from its text, its QR code and its picture', async (t) => {
  const { folder, run, runWithKey } = await keyedStore();
  const sheet = await runWithKey(['key', 'export', '--qr', '--svg', 'picture.svg']);
  t.is(sheet.code, 0, sheet.stderr);
  t.is(sheet.stderr, '');
  t.regex(
    sheet.stdout,
    /^Key "paper" \([0-9a-f]{8}\) of the doppel store .*\nStore id [0-9a-f]{32}, key made 20/,
  );
  for (const line of sheet.stdout.split('\n').slice(2)) t.true([...line].length <= 80, line);
  await secretFile(join(folder, 'sheet'), sheet.stdout);
  const imported = await run(['key', 'import', 'a.key', '--read', 'sheet']);
  t.is(imported.code, 0, imported.stderr);
  const key = readFileSync(join(folder, 'a.key'), 'utf8').trim();
  t.is(statSync(join(folder, 'a.key')).mode & 0o777, 0o600);
  const blocks = sheet.stdout.split('\n').filter((line) => /[█▀▄]/.test(line));
  t.is(readQrCode(modulesOfBlocks(blocks, 'dark')), key.toUpperCase());
  const svg = readFileSync(join(folder, 'picture.svg'), 'utf8');
  t.is(statSync(join(folder, 'picture.svg')).mode & 0o777, 0o600);
  t.is(readQrCode(modulesOfSvg(svg)), key.toUpperCase());
  const scanned = await run(['key', 'import', 'b.key'], { input: key.toUpperCase() });
  t.is(scanned.code, 0, scanned.stderr);
  t.is(readFileSync(join(folder, 'b.key'), 'utf8').trim(), key);
  t.is((await run(['ls', '--key-file', 'b.key'])).code, 0);
  const again = JSON.parse((await runWithKey(['key', 'export', '--json'])).stdout);
  t.like(again, { key: { label: 'paper-2', kind: 'file' } });
  t.regex(again.text, /^doppel1/);
  t.is((await run(['key', 'import', 'b.key', '--read', 'sheet'])).code, 6, 'nothing is written over');
});

function modulesOfSvg(svg: string): boolean[][] {
  const pixels = Number(/viewBox="0 0 (\d+) /.exec(svg)![1]);
  const squares = [...svg.matchAll(/M(\d+),(\d+)h(\d+)/g)].map((match) => match.slice(1).map(Number));
  const size = squares[0]![2]!;
  const modules = Array.from({ length: pixels / size }, () => new Array<boolean>(pixels / size).fill(false));
  for (const [x, y] of squares) modules[y! / size]![x! / size] = true;
  return modules;
}

test('a store stays unlocked for a while, at no cost, and is locked again', async (t) => {
  const runtime = runtimeFolder(t);
  if (runtime === undefined) return;
  const { run, runWithKey } = await keyedStore();
  const env = { XDG_RUNTIME_DIR: runtime };
  const folder = join(runtime, 'doppel');
  t.is((await run(['ls'], { env })).code, 13);
  const unlocked = await runWithKey(['key', 'unlock', '--for', '1h', '--json'], { env });
  t.is(unlocked.code, 0, unlocked.stderr);
  t.false(unlocked.stdout.includes('doppel1'));
  const [file] = readdirSync(folder);
  t.deepEqual([statSync(folder).mode & 0o777, statSync(join(folder, file!)).mode & 0o777], [0o700, 0o600]);
  t.is((await run(['ls'], { env })).code, 0);
  t.is((await run(['key', 'unlock'], { env })).code, 13, 'what is unlocked unlocks nothing for longer');
  t.is((await run(['key', 'change', '--new-key-file', 'changed.key'], { env })).code, 0);
  t.is((await run(['ls'], { env })).code, 0, 'it is of the new slot');
  t.regex((await run(['key', 'lock'], { env })).stdout, /^Locked store /);
  t.is((await run(['ls'], { env })).code, 13);
  t.regex((await run(['key', 'lock'], { env })).stdout, /Nothing was unlocked/);
  t.is((await run(['key', 'unlock', '--for', '1s', '--key-file', 'changed.key'], { env })).code, 0);
  await sleep(1100);
  t.is((await run(['ls'], { env })).code, 13);
  t.deepEqual(readdirSync(folder), [], 'what is over is deleted');
});

test('what others could have put into the runtime folder is not used, nor is a disk', async (t) => {
  const runtime = runtimeFolder(t);
  if (runtime === undefined) return;
  const { folder, run, runWithKey } = await keyedStore();
  const env = { XDG_RUNTIME_DIR: runtime };
  await runWithKey(['key', 'unlock'], { env });
  const path = join(runtime, 'doppel', readdirSync(join(runtime, 'doppel'))[0]!);
  const { chmod } = await import('node:fs/promises');
  await chmod(path, 0o640);
  t.is((await run(['ls'], { env })).code, 13);
  t.false(existsSync(path));
  await chmod(join(runtime, 'doppel'), 0o770);
  const refused = await runWithKey(['key', 'unlock'], { env });
  t.is(refused.code, 2);
  t.regex(refused.stderr, /not a folder that you alone can use/);
  const none = await runWithKey(['key', 'unlock'], { env: { XDG_RUNTIME_DIR: join(folder, 'none') } });
  t.is(none.code, 2);
  t.regex(none.stderr, /There is no folder .*none for unlocked keys: .*XDG_RUNTIME_DIR/);
  const { statfsSync } = await import('node:fs');
  if (statfsSync(folder).type === 0x01021994) return t.log('the temporary folder is a tmpfs itself');
  const onDisk = await runWithKey(['key', 'unlock'], { env: { XDG_RUNTIME_DIR: folder } });
  t.is(onDisk.code, 2);
  t.regex(onDisk.stderr, /is on a disk/);
});

test('secrets reach no hook, no command line, no lease and no file', async (t) => {
  const { folder, store, env } = shared;
  const look = (name: string) => `env > ${name}.env; cat /proc/$PPID/cmdline > ${name}.words`;
  const captured = await shared.run(
    ['capture', 'disk.img', 'hooked', '--before', look('before'), '--after', look('after')],
    { env: { DOPPEL_PASSPHRASE: PASSPHRASE } },
  );
  t.is(captured.code, 0, captured.stderr);
  await shared.run(['ls', '--passphrase-command', `env > command.env; echo ${PASSPHRASE.slice(0, 3)}`], {
    env: { DOPPEL_PASSPHRASE: PASSPHRASE },
  });
  for (const name of ['before.env', 'before.words', 'after.env', 'after.words', 'command.env']) {
    const text = readFileSync(join(folder, name), 'utf8');
    t.true(text.length > 10, name);
    t.false(text.includes('Zwerge'), name);
  }
  const words = ['--key-file', shared.keyFile, '--description', 'nobody else knows'];
  const slow = captureSlowly(t, store, 'slow', words);
  await slow.atWork;
  const doctor = JSON.parse((await shared.runWithKey(['doctor', '--json'])).stdout) as DoctorReport;
  t.deepEqual(
    doctor.leases.map(({ holder }) => holder?.command),
    ['capture - slow'],
  );
  slow.stop();
  t.is((await slow.run).code, 0);
  const places = [store, env.XDG_STATE_HOME!, env.XDG_CACHE_HOME!];
  const files = places.flatMap((place) =>
    readdirSync(place, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  t.true(files.length > 10);
  for (const file of files) t.false(/Zwerge|doppel1|hooked/.test(readFileSync(file, 'latin1')), file);
});

test('a store whose keys somebody took away gets no data', async (t) => {
  const { folder, store, env, run, runWithKey } = await keyedStore();
  await writeFile(join(folder, 'disk.img'), randomBytes(100_000));
  t.is((await runWithKey(['capture', 'disk.img', 'web'])).code, 0);
  await rename(store, join(folder, 'mine'));
  const stranger = { XDG_STATE_HOME: join(folder, 'stranger') };
  t.is((await run(['init'], { env: stranger })).code, 0);
  const known = await runWithKey(['capture', 'disk.img', 'web']);
  t.is(known.code, 7, known.stderr);
  t.regex(known.stderr, /had keys when it was last used here, and has none now: .*doppel key trust/);
  t.is((await run(['capture', 'disk.img', 'web'], { env: { DOPPEL_PASSPHRASE: 'x' } })).code, 7);
  const fresh = await runWithKey(['capture', 'disk.img', 'web'], { env: stranger });
  t.is(fresh.code, 13, fresh.stderr);
  t.regex(fresh.stderr, /A key was given, and store \S+ has none: .*leave the key out/);
  t.deepEqual(readdirSync(join(store, 'images')), []);
  t.is((await run(['key', 'ls'], { env: stranger })).code, 2);
  t.is((await run(['key', 'trust'])).code, 0);
  t.is((await run(['capture', 'disk.img', 'web'])).code, 0, 'whoever says so gets what was asked for');
  t.true(env.XDG_STATE_HOME !== stranger.XDG_STATE_HOME);
});

test('a store that was put back to an older copy is told to readers and refused to writers, until it is trusted', async (t) => {
  const { folder, store, run, runWithKey } = await keyedStore();
  await writeFile(join(folder, 'disk.img'), randomBytes(100_000));
  await runWithKey(['capture', 'disk.img', 'web']);
  await cp(store, join(folder, 'backup'), { recursive: true });
  await runWithKey(['capture', 'disk.img', 'web']);
  await rm(store, { recursive: true });
  await cp(join(folder, 'backup'), store, { recursive: true });
  const reader = await runWithKey(['ls']);
  t.is(reader.code, 0);
  t.regex(
    reader.stderr,
    /^Warning: Store .* shows an older state than this client has seen: image [0-9a-f]{8} of web is gone/,
  );
  const writer = await runWithKey(['capture', 'disk.img', 'web', '--json']);
  t.is(writer.code, 7);
  t.like(JSON.parse(writer.stdout), { error: { code: 'rolled-back' } });
  t.is((await run(['key', 'trust'])).code, 13, 'trust needs the key');
  const trusted = await runWithKey(['key', 'trust']);
  t.regex(trusted.stdout, /is taken as it is now: keys, 1 image\.\n$/);
  t.is((await runWithKey(['capture', 'disk.img', 'web'])).code, 0);
  t.is((await runWithKey(['ls'])).stderr, '');
});

test('completion asks a store with keys where a key file is at hand, and says nothing elsewhere', async (t) => {
  const { store, keyFile, env } = shared;
  const complete = async (words: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    (await doppel(['__complete', '--', '--store', store, ...words], { env: { ...env, ...more } })).stdout;
  t.regex(await complete(['show', ''], { DOPPEL_KEY_FILE: keyFile }), /^web\tnewest/m);
  t.regex(await complete(['--key-file', keyFile, 'key', 'rm', 't']), /^typed\tfull access\n$/);
  t.is(await complete(['show', ''], { DOPPEL_PASSPHRASE: PASSPHRASE }), '');
  t.is(await complete(['show', '']), '');
  t.is(await complete(['--key-file', '']), ':files\n');
  t.is(await complete(['key', 'import', '']), ':files\n');
  t.is(await complete(['key', 'change', '--kdf', 'a']), 'argon2id\t\n');
  t.regex(await complete(['key', 'ro']), /^rotate\t/);
});
