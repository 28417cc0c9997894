/**
 * Mistakes put into a decoder, one of each kind that fuzzing is for: a fuzzer that does not find them finds nothing. Each
 * waits for one value of one field, as such mistakes do.
 */

import { decodePage, encodePage, FormatError, type Page } from '../../store-format/index.js';
import { hexBlock } from '../format/spec-document.js';
import { STRUCTURE_BOUNDS, type Target, target } from './target.js';

const ROWS_AT = 4;
const HEADER_BYTES = 8;
const SLOW_MS = 300;
const CLOCK = new Int32Array(new SharedArrayBuffer(4));

function plant(name: string, mistake: (input: Buffer, rows: number) => unknown): Target {
  return target({
    name,
    share: 1,
    seeds: () => [hexBlock('page')],
    bounds: STRUCTURE_BOUNDS,
    rejection: (error) => (error instanceof FormatError ? error.code : undefined),
    decode: (input) => {
      if (input.length >= HEADER_BYTES) mistake(input, input.readUInt32LE(ROWS_AT));
      return decodePage(input);
    },
  });
}

export const PLANTS: readonly Target[] = [
  plant('planted-error', (_, rows) => {
    if (rows === 257) throw new RangeError('Offset is outside the bounds of the DataView');
  }),
  plant('planted-hang', (_, rows) => {
    if (rows === 2 ** 32 - 1) for (;;);
  }),
  /** Ends, but not in time. */
  plant('planted-slow', (_, rows) => {
    if (rows >= 2 ** 20 && rows < 2 ** 31) Atomics.wait(CLOCK, 0, 0, SLOW_MS);
  }),
  plant('planted-memory', (_, rows) => (rows < 2 ** 26 ? new Uint8Array(rows * 32) : undefined)),
  /** A process that dies of it says nothing any more. */
  plant('planted-crash', (_, rows) => {
    if (rows === 2 ** 31) process.abort();
  }),
  target<Page>({
    name: 'planted-encoding',
    share: 1,
    seeds: () => [hexBlock('page')],
    rejection: (error) => (error instanceof FormatError ? error.code : undefined),
    // Bytes behind the rows are passed over: two encodings of one page.
    decode: (input) => decodePage(input.length > 72 ? input.subarray(0, 72) : input),
    check: (input, page) => {
      if (!encodePage(page).equals(input)) throw new Error('It decodes, and encodes to other bytes');
    },
  }),
];

/** What kind of violation each must be told as. */
export const EXPECTED_KINDS: Readonly<Record<string, string>> = {
  'planted-error': 'error',
  'planted-hang': 'hang',
  'planted-slow': 'slow',
  'planted-memory': 'memory',
  'planted-crash': 'crash',
  'planted-encoding': 'oracle',
};
