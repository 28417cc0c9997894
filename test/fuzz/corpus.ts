/**
 * The kept inputs: `corpus/<target>/<name>.<what comes out>`, each found by a run, made by a real tool, or written for a branch
 * that is rarely reached. All runs start from them; corpus.test.ts asks for exactly that outcome.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('./corpus/', import.meta.url);

export interface KeptInput {
  readonly name: string;
  /** The summary of its verdict. */
  readonly expected: string;
  readonly bytes: Buffer;
}

export function corpusTargets(): string[] {
  return readdirSync(FOLDER).sort();
}

/** In the order of their names. */
export function corpusOf(target: string): KeptInput[] {
  const folder = new URL(`${target}/`, FOLDER);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((file) => {
      const dot = file.lastIndexOf('.');
      const bytes = readFileSync(new URL(file, folder));
      return { name: file.slice(0, dot), expected: file.slice(dot + 1), bytes };
    });
}
