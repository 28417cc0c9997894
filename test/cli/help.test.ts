import { spawnSync } from 'node:child_process';
import test from 'ava';
import { EXIT_CODE_MEANINGS } from '../../cli/exit-codes.js';
import { VERBS } from '../../cli/verbs.js';
import { doppel, environment, PROGRAM } from './run-doppel.js';
import { sampleStore } from './sample-store.js';

const START_LIMIT_SECONDS = 0.3;
const TRIES = 5;

test('help names every command, the reference syntax, examples and the exit codes', async (t) => {
  const { code, stdout, stderr } = await doppel(['--help']);
  t.is(code, 0);
  t.is(stderr, '');
  for (const { name, summary } of VERBS)
    t.true(stdout.includes(`  ${name} `) && stdout.includes(summary), name);
  for (const reference of ['web~1', 'web:stable', 'web@3f2a', '@3f2a'])
    t.true(stdout.includes(reference), reference);
  for (const [exitCode, meaning] of EXIT_CODE_MEANINGS) {
    t.true(stdout.includes(`${String(exitCode).padStart(5)}  ${meaning}\n`), meaning);
  }
  t.regex(stdout, /default: \.\/doppel-store/);
  t.is((await doppel(['help'])).stdout, stdout);
  t.is((await doppel(['-h'])).stdout, stdout);
});

test('the help of each command says what its words are', async (t) => {
  for (const { name } of VERBS) {
    const { code, stdout, stderr } = await doppel([name, '--help']);
    t.is(code, 0, name);
    t.is(stderr, '', name);
    t.true(stdout.startsWith(`Usage: doppel ${name} `), stdout);
    t.true(stdout.includes('--store <dir>'), name);
    t.is((await doppel(['help', name])).stdout, stdout);
  }
});

test('no command at all shows help as an error', async (t) => {
  const { code, stdout, stderr } = await doppel([]);
  t.is(code, 2);
  t.is(stdout, '');
  t.true(stderr.startsWith('Usage: doppel '));
});

/** Processor time, best of some tries: other work on the machine is not what is measured. */
function bestSeconds(words: readonly string[]): number {
  const seconds: number[] = [];
  for (let i = 0; i < TRIES; i++) {
    const command = 'TIMEFORMAT="%U %S"; time "$@" > /dev/null';
    const run = spawnSync('bash', ['-c', command, 'bash', process.execPath, PROGRAM, ...words], {
      env: { ...environment(), LC_ALL: 'C' },
      encoding: 'utf8',
    });
    const [user, system] = run.stderr.trim().split(' ').map(Number);
    seconds.push(user! + system!);
  }
  return Math.min(...seconds);
}

test.serial('help, ls and show start quickly', async (t) => {
  const { store } = await sampleStore();
  for (const words of [['--help'], ['--store', store, 'ls'], ['--store', store, 'show', 'web']]) {
    const seconds = bestSeconds(words);
    t.true(seconds > 0 && seconds < START_LIMIT_SECONDS, `${words.at(-1)}: ${seconds} s`);
  }
});
