/** The command line of `npm run bench:stages --`. */
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { optionalPath, wholeNumber } from '../options.js';

export const USAGE = `npm run bench:stages -- [options]

  --corpus DIR    take the image from the raw images in DIR instead of a seeded one
  --image NAME    which of them, without its ending (default: the first)
  --size MIB      size of the seeded image (default: 512)
  --rounds N      how often; the least is shown (default: 3)
  --scratch DIR   where stores and restored images go (default: the temporary folder)
  --program FILE  the main.js of doppel for the commands as a whole (default: this build's)
  --json FILE     write all results there
`;

export interface StagesOptions {
  readonly corpus?: string;
  readonly image?: string;
  readonly sizeBytes: number;
  readonly rounds: number;
  readonly scratch: string;
  readonly program: string;
  readonly json?: string;
}

/** @throws TypeError; undefined when help is asked for */
export function parseOptions(args: readonly string[]): StagesOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      corpus: { type: 'string' },
      image: { type: 'string' },
      size: { type: 'string', default: '512' },
      rounds: { type: 'string', default: '3' },
      scratch: { type: 'string', default: tmpdir() },
      program: { type: 'string', default: fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url)) },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    ...optionalPath('corpus', values.corpus),
    ...(values.image === undefined ? {} : { image: values.image }),
    sizeBytes: wholeNumber('--size', values.size) * 2 ** 20,
    rounds: wholeNumber('--rounds', values.rounds),
    scratch: resolve(values.scratch),
    program: resolve(values.program),
    ...optionalPath('json', values.json),
  };
}
