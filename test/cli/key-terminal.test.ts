/** Passphrases that are typed: never shown, twice where they are new. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { modulesOfBlocks, readQrCode } from '../support/qr-reader.js';
import { keyedStore } from './keyed-store.js';
import { missing, PROGRAM, temporaryFolder } from './run-doppel.js';
import { hasCommand, runInTerminal, type Step } from './terminal.js';

const WORDS = 'heute Nacht um drei';

interface Place {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

function typed({ folder, env }: Place, words: readonly string[], steps: readonly Step[]) {
  return runInTerminal([process.execPath, PROGRAM, ...words], steps, { cwd: folder, env });
}

async function place(): Promise<Place> {
  const folder = await temporaryFolder();
  const env = { XDG_STATE_HOME: join(folder, 'state'), XDG_CACHE_HOME: join(folder, 'cache') };
  return { folder, env: { ...env, XDG_RUNTIME_DIR: join(folder, 'none') } };
}

test('a store is made with a passphrase that is typed twice, and opened with it', async (t) => {
  if (!hasCommand('python3')) return missing(t, 'needs python3 for a pseudo terminal');
  const here = await place();
  const made = await typed(
    here,
    ['init', 's', '--encrypt'],
    [
      { expect: 'New passphrase: ', type: `${WORDS}\n` },
      { expect: 'once more: ', type: `${WORDS}\n` },
    ],
  );
  t.is(made.code, 0, made.output);
  t.false(made.output.includes('Nacht'));
  await writeFile(join(here.folder, 'disk'), randomBytes(10_000));
  const captured = await typed(
    here,
    ['--store', 's', 'capture', 'disk', 'web'],
    [{ expect: 'Passphrase for store s: ', type: `wrong\x15heute Nixht\x7f\x7f\x7f\x7facht um drei\r` }],
  );
  t.is(captured.code, 0, captured.output);
  t.regex(captured.output, /Captured web@/);
  t.false(captured.output.includes('Nacht'));
  const wrong = await typed(here, ['--store', 's', 'ls'], [{ expect: 'store s: ', type: 'heute\n' }]);
  t.is(wrong.code, 13, wrong.output);
  t.regex(wrong.output, /\r\ndoppel: Wrong passphrase for store s\r\n$/);
});

test('an empty passphrase, two that differ, Ctrl-C and the end of input', async (t) => {
  if (!hasCommand('python3')) return missing(t, 'needs python3 for a pseudo terminal');
  const here = await place();
  const words = ['init', 's', '--encrypt'];
  const table: readonly [steps: readonly Step[], code: number, said: RegExp][] = [
    [[{ expect: 'passphrase: ', type: '\n' }], 2, /An empty passphrase guards nothing/],
    [
      [
        { expect: 'passphrase: ', type: 'one\n' },
        { expect: 'more: ', type: 'two\n' },
      ],
      2,
      /The two passphrases differ/,
    ],
    [[{ expect: 'passphrase: ', type: 'one\x03' }], -2, /passphrase: \r\n/],
    [[{ expect: 'passphrase: ', type: '\x04' }], 2, /guards nothing/],
  ];
  for (const [steps, code, said] of table) {
    const run = await typed(here, words, steps);
    t.is(run.code, code, run.output);
    t.regex(run.output, said);
    t.false(existsSync(join(here.folder, 's')), 'no store is left');
  }
});

test('a terminal that is told to end shows again what is typed', async (t) => {
  if (!hasCommand('python3')) return missing(t, 'needs python3 for a pseudo terminal');
  const { folder, store, env } = await keyedStore();
  const killer = `until stty -a < /dev/tty | grep -q -- -icanon; do sleep 0.1; done; kill -TERM $(cat pid)`;
  const shell = `(${killer}) & sh -c 'echo $$ > pid; exec "$@"' sh "$@"; echo THEN; stty -a`;
  const run = await runInTerminal(
    ['sh', '-c', shell, 'sh', process.execPath, PROGRAM, '--store', store, 'ls'],
    [],
    { cwd: folder, env },
  );
  t.regex(run.output, /Passphrase for store/);
  const settings = run.output.slice(run.output.indexOf('THEN')).split(/[\s;]+/);
  t.true(settings.includes('icanon') && settings.includes('echo'), run.output);
});

test('a key that is typed from paper becomes a key file, and a QR code on a dark terminal is read', async (t) => {
  if (!hasCommand('python3')) return missing(t, 'needs python3 for a pseudo terminal');
  const scene = await keyedStore();
  const exported = await typed(
    scene,
    ['--store', scene.store, '--key-file', scene.keyFile, 'key', 'export', '--qr'],
    [],
  );
  t.is(exported.code, 0, exported.output);
  const sheet = exported.output.replaceAll('\r', '').split('\n');
  const first = sheet.findIndex((line) => /^ {2}doppel1 /.test(line));
  const lines = sheet.slice(first, sheet.indexOf('', first));
  const key = lines.join('').replaceAll(' ', '');
  const [start, end] = ['\x1b[38;5;231;48;5;16m', '\x1b[0m'];
  const code = sheet.filter((line) => line.startsWith(start) && line.endsWith(end));
  const blocks = code.map((line) => line.slice(start.length, -end.length));
  t.is(readQrCode(modulesOfBlocks(blocks, 'light').slice(0, -1)), key.toUpperCase());
  const imported = await typed(
    scene,
    ['--store', scene.store, 'key', 'import', 'typed.key'],
    [{ expect: 'empty line at the end:', type: `${lines.join('\n').toUpperCase()}\n\n` }],
  );
  t.is(imported.code, 0, imported.output);
  t.is(readFileSync(join(scene.folder, 'typed.key'), 'utf8').trim(), key);
});
