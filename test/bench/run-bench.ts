/** Runs a program of bench/ as npm does, with a temporary folder of its own. */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export interface BenchRun {
  readonly args?: readonly string[];
  readonly temporaryFolder: string;
}

/** @throws if it fails */
export function runBench(
  program: 'demo' | 'main' | 'parameters' | 'stages' | 'large-store' | 'versions',
  { args = [], temporaryFolder }: BenchRun,
) {
  const path = fileURLToPath(new URL(`../../bench/${program}.ts`, import.meta.url));
  return execute(process.execPath, ['--import=tsx', path, ...args], {
    env: { ...process.env, TMPDIR: temporaryFolder },
  });
}

/** What a program of ours left in its temporary folder; tsx keeps a cache there. */
export async function leftBehind(temporaryFolder: string): Promise<readonly string[]> {
  return (await readdir(temporaryFolder)).filter((name) => name.startsWith('doppel-'));
}
