import { spawnSync } from 'node:child_process';
import test from 'ava';
import { EXIT_CODE_MEANINGS } from '../../cli/exit-codes.js';
import { VERBS } from '../../cli/verbs.js';
import { doppel, environment, PROGRAM } from './run-doppel.js';
import { sampleStore } from './sample-store.js';

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
function bestSeconds(nodeArguments: readonly string[]): number {
  const seconds: number[] = [];
  for (let i = 0; i < TRIES; i++) {
    const command = 'TIMEFORMAT="%U %S"; time "$@" > /dev/null';
    const run = spawnSync('bash', ['-c', command, 'bash', process.execPath, ...nodeArguments], {
      env: { ...environment(), LC_ALL: 'C' },
      encoding: 'utf8',
    });
    const [user, system] = run.stderr.trim().split(' ').map(Number);
    seconds.push(user! + system!);
  }
  return Math.min(...seconds);
}

/** As multiples of what node needs to start at all, since machines differ: 0.1 s there makes 0.3 s here. */
test.serial('help, ls and show start quickly', async (t) => {
  const { store } = await sampleStore();
  const bareSeconds = bestSeconds(['--eval', '0']);
  t.true(bareSeconds > 0);
  for (const [words, limit] of [
    [['--help'], 3],
    [['--store', store, 'ls'], 4],
    [['--store', store, 'show', 'web'], 4],
  ] as const) {
    const times = bestSeconds([PROGRAM, ...words]) / bareSeconds;
    t.true(times < limit, `${words.at(-1)}: ${times.toFixed(1)} times the start of node, ${bareSeconds} s`);
  }
});
