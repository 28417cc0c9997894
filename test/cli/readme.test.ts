/** The README's tables of commands, exit codes and settings say what the program says; its units work as they stand. */
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { EXIT_CODE_MEANINGS } from '../../cli/exit-codes.js';
import { VERBS } from '../../cli/verbs.js';
import type { Setting } from '../../src/index.js';
import { tool } from '../support/machine.js';
import { environment, PROGRAM, temporaryFolder } from './run-doppel.js';
import { json, sampleStore } from './sample-store.js';

/** Cells of the rows of the table with this head. */
async function tableOf(head: string): Promise<readonly (readonly string[])[]> {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const lines = readme.split('\n');
  const rows = lines.slice(lines.indexOf(head) + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test('every command is in the table of commands, and no other word', async (t) => {
  const rows = await tableOf('| command | |');
  const commands = rows.flatMap(([cell]) => [...cell!.matchAll(/`([a-z]+)/g)].map((match) => match[1]!));
  t.deepEqual(commands.sort(), VERBS.map(({ name }) => name).sort());
});

test('exit codes and their meanings', async (t) => {
  const rows = await tableOf('| code | meaning |');
  t.deepEqual(
    rows,
    EXIT_CODE_MEANINGS.map(([code, meaning]) => [String(code), meaning]),
  );
});

test('settings, their defaults and what they are', async (t) => {
  const { store } = await sampleStore();
  const settings = await json<readonly Setting[]>(t, ['--store', store, 'config', 'get']);
  t.deepEqual(
    await tableOf('| setting | default | what it is |'),
    settings.map(({ name, defaultValue, description }) => [name, String(defaultValue), description]),
  );
});

test('the service and the timer are what systemd takes, and the service does its work', async (t) => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const [service, timer] = [...readme.matchAll(/```ini\n(.*?)```/gs)].map((match) => match[1]!);
  const folder = await temporaryFolder();
  const files = ['doppel-maintain.service', 'doppel-maintain.timer'].map((name) => join(folder, name));
  await writeFile(files[0]!, service!);
  await writeFile(files[1]!, timer!);
  if (tool(t, 'systemd-analyze', '--version')) {
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...files], { encoding: 'utf8' });
    t.deepEqual([status, stderr], [0, '']);
  }
  const { store } = await sampleStore();
  await writeFile(join(folder, 'doppel'), `#!/bin/sh\nexec "${process.execPath}" "${PROGRAM}" "$@"\n`, {
    mode: 0o755,
  });
  const [command, ...words] = service!.match(/^ExecStart=(.*)$/m)![1]!.split(' ');
  const env = environment({ PATH: `${folder}:${process.env.PATH}`, DOPPEL_STORE: store });
  const { status, stdout, stderr } = spawnSync(command!, words, { env, encoding: 'utf8' });
  t.is(status, 0, stderr);
  t.regex(stdout, /^Maintained in /);
});
