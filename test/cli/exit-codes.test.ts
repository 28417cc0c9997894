import { readFile } from 'node:fs/promises';
import test from 'ava';
import { EXIT, EXIT_CODE_MEANINGS, EXIT_CODES } from '../../cli/exit-codes.js';
import { Interrupted, OutputClosed } from '../../cli/interruption.js';
import { describeError, UsageError } from '../../cli/report-error.js';
import { StoreError, type StoreErrorCode } from '../../src/errors.js';

/** From the source of the union: a type leaves nothing behind that a test could walk. */
async function declaredCodes(): Promise<string[]> {
  const source = await readFile(new URL('../../src/errors.ts', import.meta.url), 'utf8');
  const union = /export type StoreErrorCode =([^;]*);/.exec(source)?.[1] ?? '';
  return [...union.matchAll(/\|\s*'([a-z-]+)'/g)].map((match) => match[1]!);
}

test('every error code of the library has one exit code, and that code has a meaning', async (t) => {
  const codes = await declaredCodes();
  t.true(codes.length > 20);
  t.deepEqual(Object.keys(EXIT_CODES).sort(), [...codes].sort());
  const explained = new Set<number>(EXIT_CODE_MEANINGS.map(([code]) => code));
  for (const code of Object.values(EXIT_CODES)) t.true(explained.has(code), String(code));
});

test('the meanings explain each exit code once, in order', (t) => {
  const listed = EXIT_CODE_MEANINGS.map(([code]) => code);
  t.deepEqual(
    listed,
    [...listed].sort((a, b) => a - b),
  );
  t.deepEqual(new Set(listed), new Set(Object.values(EXIT)));
  t.is(new Set(listed).size, listed.length);
});

test('a library error keeps code, message and details', (t) => {
  for (const [code, exitCode] of Object.entries(EXIT_CODES) as [StoreErrorCode, number][]) {
    const report = describeError(new StoreError(code, 'Said so', { path: '/x' }));
    t.deepEqual(report, { code, message: 'Said so', details: { path: '/x' }, exitCode } as typeof report);
  }
});

test('errors that are none of the library', (t) => {
  const system = (code: string) => Object.assign(new Error(`${code}: told`), { code, syscall: 'write' });
  const table: readonly [unknown, string, number][] = [
    [new UsageError('Not so'), 'usage', 2],
    [new Error('Odd'), 'internal', 1],
    [new TypeError('Odd'), 'internal', 1],
    ['a string', 'internal', 1],
    [Object.assign(new Error('x'), { code: 'ERR_INVALID_STATE' }), 'internal', 1],
    [system('ENOSPC'), 'no-space', 8],
    [system('EDQUOT'), 'no-space', 8],
    [system('EACCES'), 'io-failed', 10],
    [system('EPIPE'), 'interrupted', 141],
  ];
  for (const [error, code, exitCode] of table) {
    const report = describeError(error);
    t.is(report.code, code as typeof report.code);
    t.is(report.exitCode, exitCode as typeof report.exitCode);
  }
});

test('an aborted operation is told by its reason, whatever was thrown for it', (t) => {
  const reason = new Interrupted('SIGTERM');
  const abortError = Object.assign(new Error('The operation was aborted'), { name: 'AbortError' });
  for (const thrown of [reason, abortError, new Error('wrapped', { cause: reason })]) {
    t.is(describeError(thrown, reason).exitCode, 143);
  }
  t.is(describeError(new Interrupted('SIGINT')).exitCode, 130);
  t.is(describeError(abortError, new OutputClosed('gone')).exitCode, 141);
  t.is(describeError(new StoreError('no-space', 'Full'), reason).code, 'no-space');
});
