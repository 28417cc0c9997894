/**
 * Completion in real shells. Each line is typed with a tab in an interactive shell whose `doppel` answers __complete
 * with the built program and otherwise shows the words that it was given.
 */
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Image } from '../../src/index.js';
import { doppel, environment, missing, PROGRAM } from './run-doppel.js';
import { json, type SampleStore, sampleStore } from './sample-store.js';
import { hasCommand, runInTerminal, type Step } from './terminal.js';

interface Scene extends SampleStore {
  readonly env: Readonly<Record<string, string>>;
  readonly idStart: string;
  readonly shortId: string;
}

async function scene(t: ExecutionContext): Promise<Scene> {
  const sample = await sampleStore();
  const images = await json<readonly Image[]>(t, ['--store', sample.store, 'ls']);
  const id = images.find(({ name }) => name === 'mail')!.id;
  const bin = join(sample.folder, 'bin');
  await mkdir(bin);
  await writeFile(
    join(bin, 'doppel'),
    `#!/bin/sh
case "$1" in
  __complete | completion) exec '${process.execPath}' '${PROGRAM}' "$@" ;;
esac
printf 'GOT'
for word in "$@"; do printf '<%s>' "$word"; done
echo .
`,
  );
  await chmod(join(bin, 'doppel'), 0o755);
  const env = { PATH: `${bin}:${process.env.PATH}`, DOPPEL_STORE: sample.store, HOME: sample.folder };
  return { ...sample, env, idStart: id.slice(0, 7), shortId: id.slice(0, 8) };
}

/** What is typed before the tab, and the words that come of it. */
function lines({ store, idStart, shortId }: Scene): readonly (readonly [string, readonly string[]])[] {
  return [
    ['capt', ['capture']],
    ['restore mai', ['restore', 'mail']],
    ['show web:st', ['show', 'web:stable']],
    [`show @${idStart}`, ['show', `@${shortId}`]],
    [`show mail@${idStart}`, ['show', `mail@${shortId}`]],
    ['restore mail --fo', ['restore', 'mail', '--force']],
    ['restore mail x --seed disk-fi', ['restore', 'mail', 'x', '--seed', 'disk-file.img']],
    ['restore mail disk-fi', ['restore', 'mail', 'disk-file.img']],
    ['capture --on-read-error z', ['capture', '--on-read-error', 'zero']],
    ['capture --on-read-error=z', ['capture', '--on-read-error=zero']],
    ['verify web:stable mai', ['verify', 'web:stable', 'mail']],
    ['config set lev', ['config', 'set', 'level']],
    ['ls --js', ['ls', '--json']],
    [`--store ${store} untag web:sta`, ['--store', store, 'untag', 'web:stable']],
    ['--store no-such-folder show ma', ['--store', 'no-such-folder', 'show', 'ma']],
  ];
}

async function typeInShell(t: ExecutionContext, shell: readonly string[], setUp: string): Promise<void> {
  const place = await scene(t);
  const steps: Step[] = [{ expect: '.', type: `${setUp}; PS1='READ''Y> '\n` }];
  let next = 'READY> ';
  for (const [typed, words] of lines(place)) {
    steps.push({ expect: next, type: `doppel ${typed}\t\n` });
    next = `GOT${words.map((word) => `<${word}>`).join('')}\\.[\\s\\S]*READY> `;
  }
  steps.push({ expect: next, type: 'exit\n' });
  const run = await runInTerminal(shell, steps, { cwd: place.folder, env: place.env });
  t.is(run.complaint, null, run.output);
}

test('bash completes', async (t) => {
  if (!hasCommand('bash') || !hasCommand('python3')) return missing(t, 'needs bash and python3');
  await typeInShell(t, ['bash', '--norc', '--noprofile', '-i'], 'source <(doppel completion bash)');
});

test('zsh completes', async (t) => {
  if (!hasCommand('zsh') || !hasCommand('python3')) return missing(t, 'needs zsh and python3');
  const setUp = 'autoload -Uz compinit; compinit -u -D; source <(doppel completion zsh)';
  await typeInShell(t, ['zsh', '-f', '-i'], setUp);
});

test('zsh completes by a file in fpath', async (t) => {
  if (!hasCommand('zsh') || !hasCommand('python3')) return missing(t, 'needs zsh and python3');
  const setUp =
    'mkdir f; doppel completion zsh > f/_doppel; fpath=(f $fpath); autoload -Uz compinit; compinit -u -D';
  await typeInShell(t, ['zsh', '-f', '-i'], setUp);
});

test('fish completes', async (t) => {
  if (!hasCommand('fish')) return missing(t, 'needs fish');
  const place = await scene(t);
  for (const [typed, words] of lines(place)) {
    const last = words.at(-1)!;
    const script = 'source (doppel completion fish | psub); complete -C $argv[1]';
    const run = spawnSync('fish', ['--no-config', '-c', script, `doppel ${typed}`], {
      cwd: place.folder,
      env: environment(place.env),
      encoding: 'utf8',
    });
    const offered = run.stdout.split('\n').map((line) => line.split('\t')[0]);
    if (typed.startsWith('--store no-such')) t.deepEqual(offered, [''], typed);
    else t.true(offered.includes(last), `${typed}: ${run.stdout}${run.stderr}`);
  }
});

test('candidates come with what they are', async (t) => {
  const { store } = await sampleStore();
  const env = { DOPPEL_STORE: store };
  const ask = async (...words: string[]) => (await doppel(['__complete', '--', ...words], { env })).stdout;
  t.regex(await ask('re'), /^restore\twrite an image back\nrebuild\t/);
  t.regex(await ask('show', ''), /^mail\tnewest, captured \d{4}-/m);
  t.regex(await ask('show', 'web~'), /^web~0\t.*\nweb~1\t/);
  t.is(await ask('show', 'nothing'), '');
  t.is(await ask('restore', 'web', ''), ':files\n');
  t.is(await ask('--store', ''), ':folders\n');
  t.is(await ask('completion', 'b'), 'bash\t\n');
  t.is(await ask('help', 'dif'), 'diff\tcompare two images\n');
  t.is(await ask('help', 'diff', ''), '');
  t.regex(await ask('show', '--e'), /^--exclusive\tcompute/);
  t.is(await ask('show', '--', '--e'), '');
});

test('completion says nothing where there is no store', async (t) => {
  const run = await doppel(['__complete', '--', '--store', 'no-such-store', 'show', '']);
  t.deepEqual({ ...run }, { code: 0, signal: null, stdout: '', stderr: '' });
});
