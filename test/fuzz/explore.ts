/**
 * Finds inputs that reach new blocks of code: a few at a time run under coverage; when they reached something new, each
 * runs again by itself to tell which it was. Runs in a process whose modules were loaded with coverage on.
 */
import type { Coverage } from './coverage.js';
import type { Fuzzer } from './fuzzer.js';

const BATCH = 16;

/** @returns the inputs found */
export async function explore(
  fuzzer: Fuzzer,
  coverage: Coverage,
  first: number,
  count: number,
  tell: () => void,
): Promise<Buffer[]> {
  const seen = new Set<string>();
  const found: Buffer[] = [];
  const isNew = (block: string) => !seen.has(block);
  coverage.take();
  for (const seed of [...fuzzer.corpus]) await fuzzer.judge(seed, first, 'quick');
  for (const block of coverage.take()) seen.add(block);
  for (let index = first; index < first + count && !fuzzer.isDone; index += BATCH) {
    const inputs = Array.from(
      { length: Math.min(BATCH, first + count - index) },
      (_, i) => fuzzer.make(index + i).input,
    );
    for (const [i, input] of inputs.entries()) await fuzzer.judge(input, index + i, 'quick');
    if (coverage.take().some(isNew)) {
      for (const [i, input] of inputs.entries()) {
        await fuzzer.judge(input, index + i, 'thorough');
        const blocks = coverage.take().filter(isNew);
        if (blocks.length === 0) continue;
        for (const block of blocks) seen.add(block);
        found.push(input);
        fuzzer.keep(input);
      }
    }
    tell();
  }
  fuzzer.tally.blocks = seen.size;
  fuzzer.tally.found = found.length;
  return found;
}
