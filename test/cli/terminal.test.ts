/** What only happens on a terminal: the bar, and the question before a device is overwritten. */
import { execFileSync, spawnSync } from 'node:child_process';
import { open, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { doppel, missing, PROGRAM } from './run-doppel.js';
import { type SampleStore, sampleStore } from './sample-store.js';
import { hasCommand, runInTerminal, type Step } from './terminal.js';

const DEVICE_BYTES = 8 * 1024 ** 2;

let sample: SampleStore;

test.before(async () => {
  sample = await sampleStore();
});

function onTerminal(words: readonly string[], steps: readonly Step[]) {
  const argv = [process.execPath, PROGRAM, '--store', sample.store, ...words];
  return runInTerminal(argv, steps, { cwd: sample.folder });
}

/** A loop device that is wiped before each use; undefined where none can be had. */
async function loopDevice(t: ExecutionContext): Promise<string | undefined> {
  const file = join(sample.folder, `device-${t.title.replace(/\W+/g, '-')}`);
  await writeFile(file, '');
  await truncate(file, DEVICE_BYTES);
  const set = spawnSync('losetup', ['--find', '--show', file], { encoding: 'utf8' });
  if (set.status !== 0) {
    missing(t, 'needs losetup and the right to use it');
    return undefined;
  }
  const device = set.stdout.trim();
  t.teardown(() => {
    execFileSync('losetup', ['--detach', device]);
  });
  return device;
}

async function firstMegabytes(device: string): Promise<Buffer> {
  const bytes = Buffer.alloc(sample.bytes.length);
  const handle = await open(device);
  await handle.read(bytes, 0, bytes.length, 0);
  await handle.close();
  return bytes;
}

test('a bar on a terminal, which is gone at the end', async (t) => {
  if (!hasCommand('python3')) return missing(t, 'needs python3 for a pseudo terminal');
  const run = await onTerminal(['capture', sample.disk, 'bar'], []);
  t.is(run.code, 0, run.output);
  t.regex(run.output, /Captured bar@/);
  t.notRegex(run.output.slice(run.output.indexOf('Captured bar@')), /Capturing/);
});

for (const [answer, agreed] of [
  ['yes', true],
  ['y', false],
  ['', false],
] as const) {
  test(`the question about a device, answered "${answer}"`, async (t) => {
    if (!hasCommand('python3')) return missing(t, 'needs python3 for a pseudo terminal');
    const device = await loopDevice(t);
    if (device === undefined) return;
    const run = await onTerminal(
      ['restore', 'web', device],
      [{ expect: `${device}[\\s\\S]*Type "yes" to go on: `, type: `${answer}\n` }],
    );
    t.is(run.complaint, null, run.output);
    t.is(run.code, agreed ? 0 : 6, run.output);
    if (!agreed) t.regex(run.output, /was left as it is/);
    t.is((await firstMegabytes(device)).equals(sample.bytes), agreed);
  });
}

test('Ctrl-C and the end of input answer the question with no', async (t) => {
  if (!hasCommand('python3')) return missing(t, 'needs python3 for a pseudo terminal');
  const device = await loopDevice(t);
  if (device === undefined) return;
  const interrupted = await onTerminal(
    ['restore', 'web', device],
    [{ expect: 'to go on: ', type: '\u0003' }],
  );
  t.is(interrupted.code, 130, interrupted.output);
  const ended = await onTerminal(['restore', 'web', device], [{ expect: 'to go on: ', type: '\u0004' }]);
  t.is(ended.code, 6, ended.output);
  t.false((await firstMegabytes(device)).equals(sample.bytes));
});

test('without a terminal --yes alone is consent for a device', async (t) => {
  const device = await loopDevice(t);
  if (device === undefined) return;
  const words = ['--store', sample.store, 'restore', 'web', device];
  for (const more of [[], ['--force']]) {
    const refused = await doppel([...words, ...more]);
    t.is(refused.code, 6, refused.stderr);
    t.regex(refused.stderr, /--yes/);
  }
  t.is((await doppel([...words, '--dry-run'])).code, 0);
  t.false((await firstMegabytes(device)).equals(sample.bytes));
  const done = await doppel([...words, '--yes', '--verify']);
  t.is(done.code, 0, done.stderr);
  t.true((await firstMegabytes(device)).equals(sample.bytes));
});
