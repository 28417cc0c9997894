/** The command line of `npm run test:thrash --`. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const USAGE = `npm run test:thrash -- [options]

  --minutes N   how long commands are started and killed (default: 15); checking what is left comes on top
  --seed TEXT   repeats the choices of a run; the moments are those of the machine (default: the time)
  --store DIR   where the store is made, and stays; it must not exist (default: a temporary folder, removed on success)
  --lanes N     commands side by side (default: 4)
  --keys        a store with keys: commands open it with a key file, and some captures are of a machine that may only write
`;

export interface ThrashOptions {
  readonly minutes: number;
  readonly seed: string;
  readonly store?: string;
  readonly lanes: number;
  /** The store has keys. */
  readonly keys: boolean;
}

/** @throws TypeError for what is not an option, or has no sensible value; undefined when help is asked for */
export function parseThrashOptions(args: readonly string[]): ThrashOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '15' },
      seed: { type: 'string', default: String(Date.now()) },
      store: { type: 'string' },
      lanes: { type: 'string', default: '4' },
      keys: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    minutes: positive('--minutes', values.minutes),
    seed: values.seed,
    lanes: Math.ceil(positive('--lanes', values.lanes)),
    keys: values.keys,
    ...(values.store === undefined ? {} : { store: resolve(values.store) }),
  };
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new TypeError(`${option} ${text}: give a number above 0`);
}
