/**
 * Bytes that look like what disks hold, the same on every machine: all of it comes from a seed, by AES in counter mode. Two
 * kinds: media (does not compress) and text (compresses about 3 to 1).
 */
import { createCipheriv, createHash } from 'node:crypto';

const WORD_COUNT = 4096;
/** A word is drawn by 16 random bits; squaring them makes some words common, as in real text. */
const DRAW_RANGE = 65536;

export class Seeded {
  readonly #words: readonly string[];
  readonly #next: (byteCount: number) => Buffer;

  constructor(seed: string) {
    const key = createHash('sha256').update(seed).digest();
    const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
    this.#next = (byteCount) => cipher.update(Buffer.alloc(byteCount));
    this.#words = Array.from({ length: WORD_COUNT }, () => this.#word());
  }

  #word(): string {
    const letters = this.#next(2 + this.integer(9));
    return Array.from(letters, (byte) => 'etaoinshrdlucmfw'[byte & 15]).join('');
  }

  /** 0 <= result < limit; limit at most 2^32. */
  integer(limit: number): number {
    return this.#next(4).readUInt32LE() % limit;
  }

  media(byteCount: number): Buffer {
    return this.#next(byteCount);
  }

  text(byteCount: number): Buffer {
    const text = Buffer.alloc(byteCount);
    let [draws, at, filled] = [this.#next(4096), 0, 0];
    while (filled < byteCount) {
      if (at === draws.length) [draws, at] = [this.#next(4096), 0];
      const draw = draws.readUInt16LE(at) / DRAW_RANGE;
      const word = this.#words[Math.floor(draw * draw * WORD_COUNT)]!;
      filled += text.write(`${word}${(at & 31) === 0 ? '\n' : ' '}`, filled, 'latin1');
      at += 2;
    }
    return text;
  }
}
