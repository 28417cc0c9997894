import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { EXIT_CODE_MEANINGS } from '../../cli/exit-codes.js';
import { VERBS } from '../../cli/verbs.js';
import { doppel, environment, PROGRAM } from './run-doppel.js';
import { sampleStore } from './sample-store.js';

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

/** Packages whose code ran. */
function packagesLoadedBy(t: ExecutionContext, words: readonly string[]): ReadonlySet<string> {
  const folder = mkdtempSync(join(tmpdir(), 'doppel-loaded-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const run = spawnSync(process.execPath, [PROGRAM, ...words], {
    env: { ...environment(), NODE_V8_COVERAGE: folder },
  });
  t.is(run.status, 0, words.join(' '));
  const loaded = new Set<string>();
  for (const name of readdirSync(folder)) {
    const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { result: { url: string }[] };
    for (const { url } of result) {
      const [, found] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
      if (found !== undefined) loaded.add(found);
    }
  }
  return loaded;
}

/** What makes them quick; how quick is for the bench to say. */
test('help, ls and show load no worker threads, no index and nothing of disks', async (t) => {
  const { store } = await sampleStore();
  const heavy = ['piscina', 'level', 'classic-level', 'koffi', 'gpt', 'mbr', '@noble/hashes', 'cli-progress'];
  for (const words of [['--help'], ['--store', store, 'ls'], ['--store', store, 'show', 'web']]) {
    const loaded = packagesLoadedBy(t, words);
    t.true(loaded.has('commander'), 'packages are seen at all');
    t.deepEqual(
      heavy.filter((name) => loaded.has(name)),
      [],
      words.join(' '),
    );
  }
});
