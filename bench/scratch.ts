/** A folder that goes away when the process ends, however that is: by itself, by Ctrl-C, by a failure. */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';

const SIGNALS = [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;
/** A command that was just told to end may still make files for a moment. */
const REMOVE_TRIES = 50;
const RETRY_MS = 100;

export async function makeScratch(parent: string, prefix: string): Promise<string> {
  const folder = await mkdtemp(join(parent, prefix));
  process.on('exit', () => removeNow(folder));
  for (const [signal, exitCode] of SIGNALS) process.on(signal, () => process.exit(exitCode));
  return folder;
}

/** Without a promise: nothing else runs once a process exits. */
function removeNow(folder: string): void {
  for (let left = REMOVE_TRIES; ; left--) {
    try {
      rmSync(folder, { recursive: true, force: true });
      return;
    } catch (error) {
      if (left === 0) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}
