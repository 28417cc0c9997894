import { spawn } from 'node:child_process';
import { StoreError } from '../errors.js';

/** Runs a shell command of the user's; its output goes to our standard error. @throws hook-failed */
export async function runHook(which: 'before' | 'after', command: string): Promise<void> {
  const code = await new Promise<number | string>((resolve, reject) => {
    const child = spawn(command, { shell: true, stdio: ['ignore', 2, 2] });
    child.on('error', reject);
    child.on('exit', (status, signal) => resolve(status ?? signal ?? 'no status'));
  });
  if (code === 0) return;
  throw new StoreError('hook-failed', `The --${which} command ended with ${code}: ${command}`, {
    ...(typeof code === 'number' ? { exitCode: code } : {}),
  });
}
