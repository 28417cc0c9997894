/** The README's tables of commands, exit codes and settings say what the program says. */
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { EXIT_CODE_MEANINGS } from '../../cli/exit-codes.js';
import { VERBS } from '../../cli/verbs.js';
import type { Setting } from '../../src/index.js';
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
