/** The bytes of a disk on standard input. Nobody types a disk: a terminal there is a mistake. */
import { UsageError } from './report-error.js';

export function standardInput(): AsyncIterable<Uint8Array> {
  if (process.stdin.isTTY) throw new UsageError('Standard input is a terminal: pipe a disk into it');
  return process.stdin;
}
