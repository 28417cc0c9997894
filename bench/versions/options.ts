/** The command line of `npm run bench:versions --`. */
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { optionalPath, wholeNumber } from '../options.js';

export const USAGE = `npm run bench:versions -- [options]

  --versions LIST   how many versions of the image there are when gc is measured (default: 10,100,1000)
  --size GIB        apparent size of the image (default: 8)
  --changed N       segments of 1 MiB that differ between versions, of a thousand (default: 20)
  --blocks N        blocks of 4 KiB with data in each segment, each a chunk (default: 8)
  --scratch DIR     where the store and the image go (default: the temporary folder)
  --json FILE       write all results there
`;

export interface VersionsOptions {
  /** Ascending. */
  readonly versions: readonly number[];
  readonly segments: number;
  readonly changedSegments: number;
  readonly blocksPerSegment: number;
  readonly scratch: string;
  readonly json?: string;
}

/** @throws TypeError for what is not an option, or has no sensible value; undefined when help is asked for */
export function parseVersionsOptions(args: readonly string[]): VersionsOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      versions: { type: 'string', default: '10,100,1000' },
      size: { type: 'string', default: '8' },
      changed: { type: 'string', default: '20' },
      blocks: { type: 'string', default: '8' },
      scratch: { type: 'string', default: tmpdir() },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const segments = 1024 * wholeNumber('--size', values.size);
  const blocksPerSegment = wholeNumber('--blocks', values.blocks);
  if (blocksPerSegment > 128) throw new TypeError('--blocks: a segment has room for 128 of them, apart');
  return {
    versions: values.versions
      .split(',')
      .map((text) => wholeNumber('--versions', text))
      .sort((a, b) => a - b),
    segments,
    changedSegments: Math.max(1, Math.round((segments * wholeNumber('--changed', values.changed)) / 1000)),
    blocksPerSegment,
    scratch: resolve(values.scratch),
    ...optionalPath('json', values.json),
  };
}
