/** What the values of options and arguments look like as text, and what is wrong with those that do not. */
import { InvalidArgumentError } from 'commander';
import { UsageError } from './report-error.js';

const SIZE_UNITS = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 } as const;

/** "16K", "16KiB", "65536" -> bytes */
export function parseSize(text: string): number {
  const match = /^(\d+)\s*([KMG]?)(?:iB|B)?$/i.exec(text);
  const unit = SIZE_UNITS[(match?.[2] ?? '').toUpperCase() as keyof typeof SIZE_UNITS];
  const bytes = match === null ? Number.NaN : Number(match[1]) * unit;
  if (!Number.isSafeInteger(bytes) || bytes < 1) {
    throw new InvalidArgumentError('Give a size such as 16K, 1M or 65536.');
  }
  return bytes;
}

/** The same, and "0" for nothing at all. */
export function parseSizeOrZero(text: string): number {
  return text === '0' ? 0 : parseSize(text);
}

const SECOND_MS = 1000;
const DURATION_UNITS = {
  s: SECOND_MS,
  m: 60 * SECOND_MS,
  h: 3600 * SECOND_MS,
  d: 24 * 3600 * SECOND_MS,
} as const;

/** "90m", "24h", "7d", "0" -> milliseconds */
export function parseDuration(text: string): number {
  const match = /^(\d+)([smhd])$/.exec(text);
  const unit = DURATION_UNITS[match?.[2] as keyof typeof DURATION_UNITS];
  const milliseconds = text === '0' ? 0 : match === null ? Number.NaN : Number(match[1]) * unit;
  if (!Number.isSafeInteger(milliseconds)) {
    throw new InvalidArgumentError('Give a duration such as 0, 30s, 90m, 24h or 7d.');
  }
  return milliseconds;
}

/** "10%", "0.1", "1/7" -> 0 to 1 */
export function parseFraction(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(?:(%)|\/(\d+))?$/.exec(text);
  const fraction = match === null ? Number.NaN : Number(match[1]) / (match[2] ? 100 : Number(match[3] ?? 1));
  if (!(fraction > 0 && fraction <= 1))
    throw new InvalidArgumentError('Give a part such as 10%, 0.1 or 1/7.');
  return fraction;
}

export function integerBetween(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= low && value <= high)) {
      throw new InvalidArgumentError(`Give a whole number from ${low} to ${high}.`);
    }
    return value;
  };
}

export type Labels = Readonly<Record<string, string>>;

/** Gathers `--label k=v --label k2=v2`. */
export function collectLabel(text: string, labels: Labels = {}): Labels {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('Give a label as key=value.');
  return { ...labels, [text.slice(0, equals)]: text.slice(equals + 1) };
}

/** Gathers `--seed a --seed b`. */
export function collectPath(text: string, paths: readonly string[] = []): readonly string[] {
  return [...paths, text];
}

/** `k=v` sets, `k-` takes away. */
export function parseLabelChanges(words: readonly string[]): Record<string, string | null> {
  const changes = new Map<string, string | null>();
  for (const word of words) {
    const equals = word.indexOf('=');
    const key = equals > 0 ? word.slice(0, equals) : word.slice(0, -1);
    if (key === '' || equals === 0 || (equals < 0 && !word.endsWith('-'))) {
      throw new UsageError(`"${word}" is no change of a label: key=value sets one, key- takes it away`);
    }
    if (changes.has(key)) throw new UsageError(`Label "${key}" is given twice`);
    changes.set(key, equals > 0 ? word.slice(equals + 1) : null);
  }
  return Object.fromEntries(changes);
}

/** "web:stable" -> name and tag; what is legal in them the library knows. */
export function splitNameAndTag(text: string): { readonly name: string; readonly tag?: string } {
  const colon = text.indexOf(':');
  return colon < 0 ? { name: text } : { name: text.slice(0, colon), tag: text.slice(colon + 1) };
}
