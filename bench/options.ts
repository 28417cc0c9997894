/** The command line of `npm run bench --`. */
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export const USAGE = `npm run bench -- [options]

  --corpus DIR      measure with the raw images in DIR instead of seeded ones
  --size MIB        size of the seeded images (default: 512)
  --peers           the same work by restic, borg and casync, where installed
  --peer NAME=FILE  that program for the peer, such as restic=./restic; without --peers, that peer alone; may be repeated
  --keys            the same work by doppel on a store with keys
  --runs N          how often; medians are shown (default: 3)
  --scratch DIR     where stores and restored images go (default: the temporary folder)
  --program FILE    the main.js of doppel to measure (default: this build's)
  --json FILE       write all single results there
`;

export interface BenchOptions {
  readonly corpus?: string;
  readonly sizeBytes: number;
  /** All peers, not only those that have a program of their own. */
  readonly peers: boolean;
  /** By name of the peer. */
  readonly programs: ReadonlyMap<string, string>;
  /** Also a store with keys. */
  readonly keys: boolean;
  readonly runs: number;
  readonly scratch: string;
  readonly program: string;
  readonly json?: string;
}

/** @throws TypeError for what is not an option, or has no sensible value; undefined when help is asked for */
export function parseOptions(
  args: readonly string[],
  peerNames: readonly string[],
): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      corpus: { type: 'string' },
      size: { type: 'string', default: '512' },
      peers: { type: 'boolean', default: false },
      peer: { type: 'string', multiple: true, default: [] },
      keys: { type: 'boolean', default: false },
      runs: { type: 'string', default: '3' },
      scratch: { type: 'string', default: tmpdir() },
      program: { type: 'string', default: fileURLToPath(new URL('../dist/cli/main.js', import.meta.url)) },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    ...optionalPath('corpus', values.corpus),
    sizeBytes: wholeNumber('--size', values.size) * 2 ** 20,
    peers: values.peers,
    programs: new Map(values.peer.map((text) => parsePeer(text, peerNames))),
    keys: values.keys,
    runs: wholeNumber('--runs', values.runs),
    scratch: resolve(values.scratch),
    program: resolve(values.program),
    ...optionalPath('json', values.json),
  };
}

function parsePeer(text: string, peerNames: readonly string[]): readonly [name: string, program: string] {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(equals, 0));
  if (equals + 1 < text.length && peerNames.includes(name)) return [name, resolve(text.slice(equals + 1))];
  throw new TypeError(`--peer ${text}: give NAME=FILE, where NAME is one of ${peerNames.join(', ')}`);
}

export function optionalPath<Key extends string>(
  key: Key,
  path: string | undefined,
): { readonly [key in Key]?: string } {
  return path === undefined ? {} : ({ [key]: resolve(path) } as { readonly [key in Key]: string });
}

export function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new TypeError(`${option} ${text}: give a whole number above 0`);
}
