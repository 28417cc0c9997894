/**
 * Chunks of 64 to 100 random bytes, each of which can be made again from its number alone: number n lies at byte 112 n
 * of one AES-CTR stream, and its first byte says how long it is.
 */
import { createCipheriv, createHash } from 'node:crypto';
import { blake3 } from '../../src/hashing/blake3.js';
import { HASH_BYTES } from '../../store-format/index.js';

const MIN_BYTES = 64;
const LENGTHS = 37;
/** Seven blocks of AES: a chunk starts at a block. */
const STRIDE_BYTES = 112;
const BLOCKS_PER_CHUNK = STRIDE_BYTES / 16;

export interface TinyChunks {
  /** One after the other. */
  readonly plain: Buffer;
  readonly lengths: readonly number[];
  /** 32 bytes each. */
  readonly ids: Buffer;
}

export class TinyChunkSource {
  readonly #key: Buffer;

  constructor(seed: string) {
    this.#key = createHash('sha256').update(seed).digest();
  }

  make(first: number, count: number): TinyChunks {
    const counter = Buffer.alloc(16);
    counter.writeBigUInt64BE(BigInt(first) * BigInt(BLOCKS_PER_CHUNK), 8);
    const stream = createCipheriv('aes-256-ctr', this.#key, counter).update(
      Buffer.alloc(STRIDE_BYTES * count),
    );
    const plain = Buffer.allocUnsafeSlow((MIN_BYTES + LENGTHS) * count);
    const ids = Buffer.allocUnsafeSlow(HASH_BYTES * count);
    const lengths: number[] = [];
    let filled = 0;
    for (let i = 0; i < count; i++) {
      const at = STRIDE_BYTES * i;
      const length = MIN_BYTES + (stream[at]! % LENGTHS);
      const chunk = stream.subarray(at, at + length);
      plain.set(chunk, filled);
      filled += length;
      lengths.push(length);
      ids.set(blake3(chunk), HASH_BYTES * i);
    }
    return { plain: plain.subarray(0, filled), lengths, ids };
  }
}
