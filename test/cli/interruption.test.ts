/** Signals, closed pipes and progress: captures whose source is a pipe that the test feeds as slowly as it likes. */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { Image } from '../../src/index.js';
import { environment, finished, PROGRAM, startDoppel } from './run-doppel.js';
import { json, type SampleStore, sampleStore } from './sample-store.js';
import { captureSlowly } from './slow-capture.js';

let sample: SampleStore;

test.before(async () => {
  sample = await sampleStore();
});

/** Resolves when standard error has said so, or has ended. */
function told({ stderr }: ChildProcess, words: string): Promise<void> {
  return new Promise((resolve) => {
    stderr?.on('data', (text: string) => text.includes(words) && resolve()).on('close', resolve);
  });
}

/** A first line of progress comes two seconds after the work began. */
const PAST_FIRST_LINE_MS = 2500;

test.serial('progress elsewhere than on a terminal: plain lines, then the result', async (t) => {
  const { child, run, stop } = captureSlowly(t, sample.store, 'lines');
  await once(child.stderr, 'data');
  stop();
  const { code, stdout, stderr } = await run;
  t.is(code, 0, stderr);
  const lines = stderr.trimEnd().split('\n');
  t.regex(lines[0]!, /^Capturing: [\d.]+ [KM]iB, [\d.]+ [KM]iB\/s, new .*, shared .*, zero /);
  t.regex(lines.at(-1)!, /^Capturing: [\d.]+ [KM]iB in \d\.\d s, /);
  for (const unwanted of ['\r', '\u001b', '%']) t.false(stderr.includes(unwanted), stderr);
  t.regex(stdout, /^Captured lines@/);
});

test.serial('--quiet: no progress, the result still', async (t) => {
  const { run, atWork, stop } = captureSlowly(t, sample.store, 'quiet', ['--quiet']);
  await atWork;
  await sleep(PAST_FIRST_LINE_MS);
  stop();
  const { code, stdout, stderr } = await run;
  t.is(code, 0, stderr);
  t.is(stderr, '');
  t.regex(stdout, /^Captured quiet@/);
});

for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test.serial(`${signal} stops a capture cleanly and publishes nothing`, async (t) => {
    const { child, run, atWork } = captureSlowly(t, sample.store, `stopped-${exitCode}`);
    await atWork;
    child.kill(signal);
    const { code, stdout, stderr } = await run;
    t.is(code, exitCode);
    t.is(stdout, '');
    t.regex(stderr, /Stopping cleanly; what was stored is kept/);
    t.notRegex(stderr, /^\s+at /m);
    t.deepEqual(await json<readonly Image[]>(t, ['--store', sample.store, 'ls', `stopped-${exitCode}`]), []);
  });
}

test.serial('an interruption has its JSON document too', async (t) => {
  const { child, run, atWork } = captureSlowly(t, sample.store, 'stopped-json', ['--json']);
  await atWork;
  child.kill('SIGINT');
  const { code, stdout } = await run;
  t.is(code, 130);
  t.is((JSON.parse(stdout) as { error: { code: string } }).error.code, 'interrupted');
});

test.serial('the command after --after runs when a capture is interrupted', async (t) => {
  const { child, run, atWork } = captureSlowly(t, sample.store, 'stopped-hook', [
    '--before',
    'true',
    '--after',
    'echo thawed >&2',
  ]);
  await atWork;
  child.kill('SIGINT');
  const { code, stderr } = await run;
  t.is(code, 130);
  t.regex(stderr, /thawed/);
});

test.serial('a second signal ends at once', async (t) => {
  const { child, run, atWork } = captureSlowly(t, sample.store, 'twice', [
    '--after',
    'sleep 30',
    '--before',
    'true',
  ]);
  await atWork;
  const heeded = told(child, 'Stopping cleanly');
  child.kill('SIGINT');
  await heeded; // two signals that wait are one
  const startMs = performance.now();
  child.kill('SIGINT');
  t.is((await run).signal, 'SIGINT', 'which shells tell as 130');
  t.true(performance.now() - startMs < 20_000, 'the command after --after takes longer');
});

test.serial('a reader that goes away ends a restore quietly', async (t) => {
  const child = startDoppel(['--store', sample.store, 'restore', 'web', '-']);
  const run = finished(child);
  child.stdin.end();
  child.stdout.once('data', () => child.stdout.destroy());
  const { code, stderr } = await run;
  t.is(code, 141, stderr);
  t.is(stderr, '');
});

test.serial('a reader that goes away ends a listing quietly', async (t) => {
  const child = startDoppel(['--store', sample.store, 'ls']);
  const run = finished(child);
  child.stdout.destroy();
  const { code, stderr } = await run;
  t.is(code, 141);
  t.is(stderr, '');
});

test.serial('a standard output that is full is an error, not silence', async (t) => {
  const full = spawnSync(process.execPath, [PROGRAM, '--store', sample.store, 'ls'], {
    env: environment(),
    stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    encoding: 'utf8',
  });
  t.is(full.status, 8, full.stderr);
  t.regex(full.stderr, /^doppel: .*ENOSPC/);
});
