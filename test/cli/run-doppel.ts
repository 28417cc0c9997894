/** Runs the built program as users do: its own process, its own folder, nothing inherited that could change its answers. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';

export const PROGRAM = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Run {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
}

export function environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const rest = Object.entries(process.env).filter(([name]) => !name.startsWith('DOPPEL_'));
  return { ...Object.fromEntries(rest), TZ: 'UTC', XDG_STATE_HOME: stateFolder(), ...extra };
}

export function startDoppel(
  words: readonly string[],
  options: RunOptions = {},
): ChildProcessWithoutNullStreams {
  if (!existsSync(PROGRAM)) throw new Error(`There is no ${PROGRAM}: run "npm run build" first`);
  return spawn(process.execPath, [PROGRAM, ...words], {
    cwd: options.cwd ?? tmpdir(),
    env: environment(options.env),
  });
}

export function finished(child: ChildProcessWithoutNullStreams): Promise<Run> {
  return new Promise((resolve, reject) => {
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin.on('error', () => {});
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

export function doppel(words: readonly string[], options: RunOptions = {}): Promise<Run> {
  const child = startDoppel(words, options);
  const run = finished(child);
  child.stdin.end(options.input ?? '');
  return run;
}

const folders: string[] = [];

/** Lives as long as the test file: hooks and tests may share it. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'doppel-cli-'));
  if (folders.push(folder) === 1) process.on('exit', removeFolders);
  return folder;
}

let state: string | undefined;

/** What clients remember of stores: of this test file alone. */
function stateFolder(): string {
  if (state === undefined) {
    state = mkdtempSync(join(tmpdir(), 'doppel-state-'));
    if (folders.push(state) === 1) process.on('exit', removeFolders);
  }
  return state;
}

function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/** A tool that is missing is said loudly, and is a failure where all tools are meant to be. */
export function missing(t: ExecutionContext, what: string): void {
  const message = `NOT TESTED: ${what}`;
  t.log(message);
  process.stderr.write(`\n*** ${t.title}: ${message}\n`);
  if (process.env.CI) t.fail(message);
  else t.pass();
}
