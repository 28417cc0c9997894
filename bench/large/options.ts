/** The command line of `npm run bench:large --`. */
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const USAGE = `npm run bench:large -- [options]

  --chunks N      tiny chunks in the store (default: 20000000, which take 3.5 GB while it runs)
  --size MIB      size of the seeded images that are captured (default: 512)
  --scratch DIR   where the store and the images go (default: the temporary folder)
  --json FILE     write all results there
`;

export interface LargeOptions {
  readonly chunks: number;
  readonly sizeBytes: number;
  readonly scratch: string;
  readonly json?: string;
}

/** @throws TypeError for what is not an option, or has no sensible value; undefined when help is asked for */
export function parseLargeOptions(args: readonly string[]): LargeOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      chunks: { type: 'string', default: '20000000' },
      size: { type: 'string', default: '512' },
      scratch: { type: 'string', default: tmpdir() },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    chunks: wholeNumber('--chunks', values.chunks),
    sizeBytes: wholeNumber('--size', values.size) * 2 ** 20,
    scratch: resolve(values.scratch),
    ...(values.json === undefined ? {} : { json: resolve(values.json) }),
  };
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new TypeError(`${option} ${text}: give a whole number above 0`);
}
