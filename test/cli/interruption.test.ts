/** Signals, closed pipes and progress: captures whose source is a pipe that the test feeds as slowly as it likes. */
import { type ChildProcessWithoutNullStreams, spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { Image } from '../../src/index.js';
import { environment, finished, PROGRAM, type Run, startDoppel } from './run-doppel.js';
import { json, type SampleStore, sampleStore } from './sample-store.js';

const PIECE = Buffer.alloc(256 * 1024, 'x');
const PIECE_EVERY_MS = 100;

let sample: SampleStore;

test.before(async () => {
  sample = await sampleStore();
});

interface Slow {
  readonly child: ChildProcessWithoutNullStreams;
  readonly run: Promise<Run>;
  readonly stop: () => void;
}

/** Feeds the source until told to stop. */
function captureSlowly(name: string, words: readonly string[] = []): Slow {
  const child = startDoppel(['--store', sample.store, 'capture', '-', name, ...words]);
  const run = finished(child);
  const timer = setInterval(() => child.stdin.write(PIECE), PIECE_EVERY_MS);
  void run.then(() => clearInterval(timer));
  const stop = () => {
    clearInterval(timer);
    child.stdin.end();
  };
  return { child, run, stop };
}

test('progress elsewhere than on a terminal: plain lines, then the result', async (t) => {
  const { run, stop } = captureSlowly('lines');
  await sleep(4000);
  stop();
  const { code, stdout, stderr } = await run;
  t.is(code, 0, stderr);
  const lines = stderr.trimEnd().split('\n');
  t.regex(lines[0]!, /^Capturing: [\d.]+ [KM]iB, [\d.]+ [KM]iB\/s, new .*, shared .*, zero /);
  t.regex(lines.at(-1)!, /^Capturing: [\d.]+ [KM]iB in \d\.\d s, /);
  for (const unwanted of ['\r', '\u001b', '%']) t.false(stderr.includes(unwanted), stderr);
  t.regex(stdout, /^Captured lines@/);
});

test('--quiet: no progress, the result still', async (t) => {
  const { run, stop } = captureSlowly('quiet', ['--quiet']);
  await sleep(3000);
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
  test(`${signal} stops a capture cleanly and publishes nothing`, async (t) => {
    const { child, run } = captureSlowly(`stopped-${exitCode}`);
    await sleep(1500);
    child.kill(signal);
    const { code, stdout, stderr } = await run;
    t.is(code, exitCode);
    t.is(stdout, '');
    t.regex(stderr, /Stopping cleanly; what was stored is kept/);
    t.notRegex(stderr, /^\s+at /m);
    t.deepEqual(await json<readonly Image[]>(t, ['--store', sample.store, 'ls', `stopped-${exitCode}`]), []);
  });
}

test('an interruption has its JSON document too', async (t) => {
  const { child, run } = captureSlowly('stopped-json', ['--json']);
  await sleep(1500);
  child.kill('SIGINT');
  const { code, stdout } = await run;
  t.is(code, 130);
  t.is((JSON.parse(stdout) as { error: { code: string } }).error.code, 'interrupted');
});

test('the command after --after runs when a capture is interrupted', async (t) => {
  const { child, run } = captureSlowly('stopped-hook', ['--before', 'true', '--after', 'echo thawed >&2']);
  await sleep(1500);
  child.kill('SIGINT');
  const { code, stderr } = await run;
  t.is(code, 130);
  t.regex(stderr, /thawed/);
});

test('a second signal ends at once', async (t) => {
  const { child, run } = captureSlowly('twice', ['--after', 'sleep 30', '--before', 'true']);
  await sleep(1500);
  child.kill('SIGINT');
  await sleep(500);
  const startMs = performance.now();
  child.kill('SIGINT');
  t.is((await run).code, 130);
  t.true(performance.now() - startMs < 5000);
});

test('a reader that goes away ends a restore quietly', async (t) => {
  const child = startDoppel(['--store', sample.store, 'restore', 'web', '-']);
  const run = finished(child);
  child.stdin.end();
  child.stdout.once('data', () => child.stdout.destroy());
  const { code, stderr } = await run;
  t.is(code, 141, stderr);
  t.is(stderr, '');
});

test('a reader that goes away ends a listing quietly', async (t) => {
  const child = startDoppel(['--store', sample.store, 'ls']);
  const run = finished(child);
  child.stdout.destroy();
  const { code, stderr } = await run;
  t.is(code, 141);
  t.is(stderr, '');
});

test('a standard output that is full is an error, not silence', async (t) => {
  const full = spawnSync(process.execPath, [PROGRAM, '--store', sample.store, 'ls'], {
    env: environment(),
    stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    encoding: 'utf8',
  });
  t.is(full.status, 8, full.stderr);
  t.regex(full.stderr, /^doppel: .*ENOSPC/);
});
