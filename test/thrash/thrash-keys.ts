/**
 * How commands open the store: without keys; or, with `--keys`, with a key file of full access, and as a machine that may only
 * write. Each has caches and memories of its own, in the scratch folder.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { doppel } from '../cli/run-doppel.js';

/** The name that the machine that may only write publishes under. */
export const OWN_NAME = 'box';

/** What goes with every command of somebody. */
export interface Access {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Accesses {
  readonly full: Access;
  /** A machine that may only write; none where the store has no keys. */
  readonly machine?: Access;
}

/** Makes the store. @param folder of the run, for keys and what users keep */
export async function makeStore(store: string, folder: string, hasKeys: boolean): Promise<Accesses> {
  const full = accessOf(folder, 'full', hasKeys);
  const encrypt = hasKeys ? ['--encrypt'] : [];
  await must(full, ['--store', store, ...full.words, 'init', ...encrypt]);
  if (!hasKeys) return { full };
  const machine = accessOf(folder, 'machine', hasKeys);
  const add = ['key', 'add', '--write-only', 'machine', '--names', OWN_NAME];
  await must(full, ['--store', store, ...full.words, ...add, '--new-key-file', keyFileOf(folder, 'machine')]);
  return { full, machine };
}

function accessOf(folder: string, whose: string, hasKeys: boolean): Access {
  const home = join(folder, whose);
  mkdirSync(home);
  return {
    words: hasKeys ? ['--key-file', keyFileOf(folder, whose)] : [],
    env: { XDG_CACHE_HOME: join(home, 'cache'), XDG_STATE_HOME: join(home, 'state') },
  };
}

function keyFileOf(folder: string, whose: string): string {
  return join(folder, `${whose}.key`);
}

async function must({ env }: Access, words: readonly string[]): Promise<void> {
  const { code, stderr } = await doppel(words, { env });
  if (code !== 0) throw new Error(`"doppel ${words.join(' ')}" ended with ${code}: ${stderr}`);
}
