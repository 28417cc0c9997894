/** The one question that doppel asks: may this device be overwritten? Only the word "yes" is a yes. */
import { createInterface } from 'node:readline/promises';
import type { OperationOptions, StoreError } from '../src/index.js';
import { formatBytes } from './format.js';
import { printable } from './printable.js';
import { writeError } from './standard-streams.js';

/** Somebody reads the question and can type the answer. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** @param why the library's refusal: it names the device and what it is */
export async function askConsent(
  why: StoreError,
  target: string,
  { signal }: Pick<OperationOptions, 'signal'>,
): Promise<boolean> {
  const { availableBytes } = why.details;
  const size = availableBytes === undefined ? '' : ` (${formatBytes(availableBytes)})`;
  writeError(`${printable(why.message)}\n`);
  const dialog = createInterface({ input: process.stdin, output: process.stderr });
  const question = `All data on ${printable(target)}${size} will be lost. Type "yes" to go on: `;
  try {
    const closed = new Promise<string>((resolve) => dialog.once('close', () => resolve('')));
    // In raw mode the dialog sees Ctrl-C itself; handing it on lets it mean the same as everywhere else.
    dialog.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    const answer = await Promise.race([dialog.question(question, signal ? { signal } : {}), closed]);
    return answer.trim() === 'yes';
  } finally {
    dialog.close();
  }
}
