/** Mistakes in the command line, one row each: what is typed, the exit code, the code in JSON, what the message says. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { doppel, temporaryFolder } from './run-doppel.js';
import { sampleStore } from './sample-store.js';

type Row = readonly [words: readonly string[], exitCode: number, code: string, message: RegExp];

interface ErrorDocument {
  readonly error: { readonly code: string; readonly message: string; readonly details: object };
}

const WITHOUT_STORE: readonly Row[] = [
  [['lss'], 2, 'usage', /^Unknown command 'lss' \(did you mean ls\?\)$/],
  [['frobnicate'], 2, 'usage', /^Unknown command 'frobnicate'$/],
  [['ls', '--lable', 'a=b'], 2, 'usage', /^Unknown option '--lable' \(did you mean --label\?\)$/],
  [['--frobnicate'], 2, 'usage', /^Unknown option '--frobnicate'/],
  [['--store'], 2, 'usage', /argument missing/],
  [['ls', '--threads', 'many'], 2, 'usage', /Give a whole number from 1 to 256/],
  [['ls', '--threads', '0'], 2, 'usage', /Give a whole number/],
  [['show'], 2, 'usage', /^Missing required argument 'ref'$/],
  [['show', 'a', 'b'], 2, 'usage', /Too many arguments/],
  [['restore', 'web'], 2, 'usage', /'target'/],
  [['restore', 'web', 'x', '--on-damage', 'ignore'], 2, 'usage', /Allowed choices are fail, zero/],
  [['restore', 'web', '-', '--in-place'], 2, 'usage', /--in-place needs a file or device/],
  [['restore', 'web', 'x', '--seed', '-'], 2, 'usage', /--seed takes a file or device/],
  [['restore', 'web', 'x', '--seed'], 2, 'usage', /argument missing/],
  [['capture', 'x', 'web', '--level', '20'], 2, 'usage', /from 1 to 19/],
  [['capture', 'x', 'web', '--label', 'site'], 2, 'usage', /key=value/],
  [['capture', 'x', 'web', '--source-name', 'y'], 2, 'usage', /standard input/],
  [['label', 'web', 'site'], 2, 'usage', /"site" is no change of a label/],
  [['verify'], 2, 'usage', /or say --all/],
  [['verify', '--all', 'web'], 2, 'usage', /--all goes without references/],
  [['gc', 'web'], 2, 'usage', /Too many arguments/],
  [['gc', '--grace', '7'], 2, 'usage', /Give a duration such as/],
  [['gc', '--wait', '-1m'], 2, 'usage', /Give a duration such as/],
  [['gc', '--max-repack', 'all'], 2, 'usage', /Give a size/],
  [['doctor', '--break'], 2, 'usage', /argument missing/],
  [['doctor', 'web'], 2, 'usage', /Too many arguments/],
  [['init', '--min-chunk', 'tiny'], 2, 'usage', /Give a size/],
  [['help', 'frobnicate'], 2, 'usage', /^Unknown command 'frobnicate'$/],
  [['config'], 2, 'usage', /No command is given/],
  [['config', 'set', 'level'], 2, 'usage', /'value'/],
  [['completion', 'tcsh'], 2, 'usage', /Allowed choices are bash, zsh, fish/],
  [['--store', 'no-such-store', 'ls'], 3, 'store-missing', /no-such-store/],
  [['--store', 'no-such-store', 'capture', 'x', 'web'], 3, 'store-missing', /no-such-store/],
  [['digest', 'no-such-disk'], 5, 'source-missing', /no-such-disk/],
];

const WITH_STORE: readonly Row[] = [
  [['show', 'nobody'], 4, 'unknown-reference', /nobody/],
  [['show', 'web~7'], 4, 'unknown-reference', /web/],
  [['show', 'web:unknown'], 4, 'unknown-reference', /unknown/],
  [['show', '@0123456789abcdef'], 4, 'unknown-reference', /0123456789abcdef/],
  [['show', 'a/b'], 2, 'bad-reference', /a\/b/],
  [['show', ''], 2, 'bad-reference', /./],
  [['diff', 'web', 'nobody'], 4, 'unknown-reference', /nobody/],
  [['verify', 'web', 'nobody'], 4, 'unknown-reference', /nobody/],
  [['capture', 'no-such-disk', 'web'], 5, 'source-missing', /no-such-disk/],
  [['capture', '.', 'web'], 5, 'source-unreadable', /./],
  [['capture', 'file', 'bad/name'], 2, 'bad-name', /bad\/name/],
  [['capture', 'file', 'web:'], 2, 'bad-name', /./],
  [['capture', 'file', 'web', '--before', 'exit 3'], 5, 'hook-failed', /exit 3/],
  [['tag', 'web', 'not ok'], 2, 'bad-name', /not ok/],
  [['untag', 'web'], 2, 'bad-reference', /web/],
  [['untag', 'web:unknown'], 4, 'unknown-reference', /unknown/],
  [['restore', 'web', 'file'], 6, 'target-exists', /--force/],
  [['restore', 'web', 'file', '--seed', 'file'], 6, 'target-exists', /--in-place/],
  [['restore', 'web', 'file', '--in-place', '--seed', 'no-such-seed'], 5, 'source-missing', /no-such-seed/],
  [['restore', 'web', 'new', '--seed', '.'], 5, 'source-unreadable', /a folder/],
  [['restore', 'web', '.', '--in-place'], 6, 'target-unwritable', /./],
  [['restore', 'web', 'file', '--yes'], 6, 'target-exists', /--force/],
  [['restore', 'web', 'no-such-folder/x'], 6, 'target-unwritable', /no-such-folder/],
  [['restore', 'web', '.', '--force'], 6, 'target-unwritable', /./],
  [['doctor', '--break', 'ab12'], 4, 'unknown-reference', /There is no lease "ab12"/],
  [['config', 'get', 'colour'], 2, 'bad-setting', /colour/],
  [['config', 'set', 'colour', 'red'], 2, 'bad-setting', /colour/],
  [['config', 'set', 'level', '77'], 2, 'bad-setting', /level/],
];

function testRow([words, exitCode, code, message]: Row, where: () => { cwd: string; store?: string }): void {
  test(`doppel ${words.map((word) => word || '""').join(' ')}${code === 'usage' ? '' : ` (${code})`}`, async (t) => {
    const { cwd, store } = where();
    const env: Record<string, string> = store === undefined ? {} : { DOPPEL_STORE: store };
    const human = await doppel(words, { cwd, env });
    t.is(human.code, exitCode, human.stderr);
    t.is(human.stdout, '');
    t.notRegex(human.stderr, /^\s+at |node:internal|\.js:\d/m);
    const helpInstead = words[0] === 'help' || (words[0] === 'config' && words.length === 1);
    if (!helpInstead) {
      t.true(human.stderr.startsWith('doppel: '), human.stderr);
      t.regex(human.stderr.split('\n')[0]!.slice('doppel: '.length), message);
    }
    const machine = await doppel(['--json', ...words], { cwd, env });
    t.is(machine.code, exitCode);
    const imageOnStdout = words[0] === 'restore' && words.includes('-');
    const document = JSON.parse(imageOnStdout ? machine.stderr : machine.stdout) as ErrorDocument;
    t.is(document.error.code, code);
    t.regex(document.error.message, message);
    t.is(typeof document.error.details, 'object');
  });
}

let folder = '';
let sample = { cwd: '', store: '' };

test.before(async () => {
  folder = await temporaryFolder();
  const made = await sampleStore();
  await writeFile(join(made.folder, 'file'), 'old');
  sample = { cwd: made.folder, store: made.store };
});

for (const row of WITHOUT_STORE) testRow(row, () => ({ cwd: folder }));
for (const row of WITH_STORE) testRow(row, () => sample);

test('--json with standard output as the target is refused, and not a byte goes there', async (t) => {
  const verify = await doppel(['restore', 'web', '-', '--verify']);
  t.is(verify.code, 2);
  t.regex(verify.stderr, /--verify cannot read standard output back/);
  const run = await doppel(['restore', 'web', '-', '--json'], { env: { DOPPEL_STORE: sample.store } });
  t.is(run.code, 2);
  t.is(run.stdout, '');
  t.is((JSON.parse(run.stderr) as ErrorDocument).error.code, 'usage');
});

test('a target that was refused is left as it was', async (t) => {
  await doppel(['restore', 'web', 'file'], { cwd: sample.cwd, env: { DOPPEL_STORE: sample.store } });
  t.is(await readFile(join(sample.cwd, 'file'), 'utf8'), 'old');
});
