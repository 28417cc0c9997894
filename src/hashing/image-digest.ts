import { HASH_BYTES, IMAGE_DOMAIN, SEGMENT_BYTES, toHex } from '../../store-format/index.js';
import { blake3, createBlake3Stream } from './blake3.js';

/**
 * The digest of an image: BLAKE3(domain ‖ segment digests ‖ size). It follows from the bytes alone, whatever they
 * are read from. The size stands last, since a stream tells it last.
 */
export class ImageDigest {
  readonly #stream = createBlake3Stream();

  constructor() {
    this.#stream.update(IMAGE_DOMAIN);
  }

  /** @param digests 32 bytes per segment, in order */
  add(digests: Uint8Array): void {
    this.#stream.update(digests);
  }

  /** 64 hex digits. */
  finish(size: number): string {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(size));
    this.#stream.update(bytes);
    return toHex(this.#stream.digest());
  }
}

const zeroSegment = Buffer.alloc(SEGMENT_BYTES);
let zeroSegmentDigest: Uint8Array | undefined;

/** BLAKE3 of `length` zero bytes, at most a segment. */
export function zeroDigest(length: number): Uint8Array {
  if (length !== SEGMENT_BYTES) return blake3(zeroSegment.subarray(0, length));
  zeroSegmentDigest ??= Uint8Array.from(blake3(zeroSegment)).subarray(0, HASH_BYTES);
  return zeroSegmentDigest;
}
