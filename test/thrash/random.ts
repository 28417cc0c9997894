import { seededNumbers } from '../support/seeded-disk.js';

/** Choices from a seed. */
export class Random {
  readonly #next: () => number;

  constructor(seed: string) {
    this.#next = seededNumbers(seed);
  }

  /** From 0 to below 1. */
  number(): number {
    return this.#next();
  }

  chance(share: number): boolean {
    return this.#next() < share;
  }

  pick<T>(from: readonly T[]): T | undefined {
    return from[Math.floor(this.#next() * from.length)];
  }

  weighted<T>(from: readonly (readonly [T, number])[]): T {
    let at = this.#next() * from.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [value, weight] of from) {
      if (at < weight) return value;
      at -= weight;
    }
    return from.at(-1)![0];
  }
}
