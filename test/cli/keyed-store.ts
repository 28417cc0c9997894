/** A store with keys, for tests of the built program: its key file, and a place in memory for unlocked keys. */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { doppel, missing, type Run, type RunOptions, temporaryFolder } from './run-doppel.js';

const TMPFS = 0x01021994;

export interface KeyedStore {
  readonly folder: string;
  readonly store: string;
  readonly keyFile: string;
  /** Its own memory and cache; no key. */
  readonly env: Readonly<Record<string, string>>;
  readonly run: (words: readonly string[], options?: RunOptions) => Promise<Run>;
  /** By the key file. */
  readonly runWithKey: (words: readonly string[], options?: RunOptions) => Promise<Run>;
}

export async function keyedStore(): Promise<KeyedStore> {
  const folder = await temporaryFolder();
  const [store, keyFile] = [join(folder, 'store'), join(folder, 'first.key')];
  const env = {
    XDG_STATE_HOME: join(folder, 'state'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    XDG_RUNTIME_DIR: join(folder, 'none'),
  };
  const run = (words: readonly string[], options: RunOptions = {}) =>
    doppel(['--store', store, ...words], { cwd: folder, ...options, env: { ...env, ...options.env } });
  const runWithKey = (words: readonly string[], options: RunOptions = {}) =>
    run(['--key-file', keyFile, ...words], options);
  const made = await run(['init', '--encrypt', '--key-file', keyFile]);
  if (made.code !== 0) throw new Error(made.stderr);
  return { folder, store, keyFile, env, run, runWithKey };
}

/** A file for the user alone. */
export async function secretFile(path: string, text: string): Promise<string> {
  await writeFile(path, text, { mode: 0o600 });
  await chmod(path, 0o600);
  return path;
}

/** A folder of the test's own on a tmpfs, as the system makes for who logs in. */
export function runtimeFolder(t: ExecutionContext): string | undefined {
  try {
    if (statfsSync('/dev/shm').type !== TMPFS) throw new Error('no tmpfs');
    const folder = mkdtempSync('/dev/shm/doppel-test-');
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
  } catch {
    missing(t, 'needs a tmpfs at /dev/shm');
    return undefined;
  }
}
