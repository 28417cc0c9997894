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
