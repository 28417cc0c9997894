/** Findings as verify, scrub and doctor show them: damage first, then hints; and the exit code that they add up to. */
import type { Hint, Problem } from '../src/index.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { countOf } from './format.js';
import { printableLine } from './printable.js';

interface Found {
  readonly problems: readonly Problem[];
  readonly hints: readonly Hint[];
}

export function exitCodeOf({ problems, hints }: Found): ExitCode {
  if (problems.length > 0) return EXIT.damage;
  return hints.length > 0 ? EXIT.hints : EXIT.done;
}

export function findingLines({ problems, hints }: Found): readonly string[] {
  return [
    ...problems.map(({ message }) => `Problem: ${printableLine(message)}`),
    ...hints.map(({ message }) => `Hint: ${printableLine(message)}`),
  ];
}

/** `2 problems, 1 hint`, `no problem`. */
export function foundText({ problems, hints }: Found): string {
  const found = problems.length === 0 ? 'no problem' : countOf(problems.length, 'problem');
  return hints.length === 0 ? found : `${found}, ${countOf(hints.length, 'hint')}`;
}
