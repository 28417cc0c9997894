/** A set of numbers from 0 up, one bit each. */
export class Bits {
  readonly #bytes: Uint8Array;

  /** @param size all numbers are below it */
  constructor(size: number) {
    this.#bytes = new Uint8Array(Math.ceil(size / 8));
  }

  has(number: number): boolean {
    return (this.#bytes[Math.floor(number / 8)]! & (1 << (number % 8))) !== 0;
  }

  add(number: number): void {
    this.#bytes[Math.floor(number / 8)]! |= 1 << (number % 8);
  }

  delete(number: number): void {
    this.#bytes[Math.floor(number / 8)]! &= ~(1 << (number % 8));
  }

  /** Whether any of `count` numbers from `first` on is in the set. */
  hasAny(first: number, count: number): boolean {
    for (let number = first; number < first + count; number++) if (this.has(number)) return true;
    return false;
  }
}
