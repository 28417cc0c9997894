/** The command line of `npm run bench --`. */
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export const USAGE = `npm run bench -- [options]

  --corpus DIR    measure with the raw images in DIR instead of seeded ones
  --size MIB      size of the seeded images (default: 512)
  --peers         the same work by restic, borg and casync, where installed
  --runs N        how often; medians are shown (default: 3)
  --scratch DIR   where stores and restored images go (default: the temporary folder)
  --program FILE  the main.js of doppel to measure (default: this build's)
  --json FILE     write all single results there
`;

export interface BenchOptions {
  readonly corpus?: string;
  readonly sizeBytes: number;
  readonly peers: boolean;
  readonly runs: number;
  readonly scratch: string;
  readonly program: string;
  readonly json?: string;
}

/** @throws TypeError for what is not an option, or has no sensible value; undefined when help is asked for */
export function parseOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      corpus: { type: 'string' },
      size: { type: 'string', default: '512' },
      peers: { type: 'boolean', default: false },
      runs: { type: 'string', default: '3' },
      scratch: { type: 'string', default: tmpdir() },
      program: { type: 'string', default: fileURLToPath(new URL('../dist/cli/main.js', import.meta.url)) },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    ...(values.corpus === undefined ? {} : { corpus: resolve(values.corpus) }),
    sizeBytes: wholeNumber('--size', values.size) * 2 ** 20,
    peers: values.peers,
    runs: wholeNumber('--runs', values.runs),
    scratch: resolve(values.scratch),
    program: resolve(values.program),
    ...(values.json === undefined ? {} : { json: resolve(values.json) }),
  };
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new TypeError(`${option} ${text}: give a whole number above 0`);
}
