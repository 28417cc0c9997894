/** The command line of `npm run bench:parameters --`. */
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { optionalPath, wholeNumber } from '../options.js';

export const TABLES = ['level', 'frame', 'chunk', 'segment', 'hole'] as const;
export type Table = (typeof TABLES)[number];

export const USAGE = `npm run bench:parameters -- [options]

  --corpus DIR    the raw images in DIR instead of seeded ones
  --size MIB      size of the seeded images (default: 512)
  --table NAME    ${TABLES.join(', ')} or all (default: all)
  --sample SHARE  of each image, in whole regions of 64 MiB spread evenly (default: 1)
  --scratch DIR   where frames go (default: the temporary folder)
  --json FILE     write all results there
`;

export interface ParametersOptions {
  readonly corpus?: string;
  readonly sizeBytes: number;
  readonly tables: ReadonlySet<Table>;
  /** 0 < share <= 1. */
  readonly sample: number;
  readonly scratch: string;
  readonly json?: string;
}

/** @throws TypeError; undefined when help is asked for */
export function parseOptions(args: readonly string[]): ParametersOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      corpus: { type: 'string' },
      size: { type: 'string', default: '512' },
      table: { type: 'string', default: 'all' },
      sample: { type: 'string', default: '1' },
      scratch: { type: 'string', default: tmpdir() },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    ...optionalPath('corpus', values.corpus),
    sizeBytes: wholeNumber('--size', values.size) * 2 ** 20,
    tables: parseTable(values.table),
    sample: parseShare(values.sample),
    scratch: resolve(values.scratch),
    ...optionalPath('json', values.json),
  };
}

function parseTable(text: string): ReadonlySet<Table> {
  if (text === 'all') return new Set(TABLES);
  const table = TABLES.find((name) => name === text);
  if (table === undefined) throw new TypeError(`--table ${text}: give ${TABLES.join(', ')} or all`);
  return new Set([table]);
}

function parseShare(text: string): number {
  const share = Number(text);
  if (share > 0 && share <= 1) return share;
  throw new TypeError(`--sample ${text}: give a number above 0, at most 1`);
}
