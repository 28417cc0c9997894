import { IMAGE_DOMAIN, toHex } from '../../store-format/index.js';
import { createBlake3Stream } from './blake3.js';

/**
 * The digest of an image: BLAKE3(domain ‖ size ‖ segment digests). It follows from the bytes alone, whatever they
 * are read from.
 */
export class ImageDigest {
  readonly #stream = createBlake3Stream();
  /** Digests that wait for the size: a stream tells it last. 32 bytes per MiB of image. */
  readonly #waiting: Uint8Array[] | undefined;

  /** @param size of the image, where it is known before its bytes are read */
  constructor(size: number | undefined) {
    this.#stream.update(IMAGE_DOMAIN);
    if (size === undefined) this.#waiting = [];
    else this.#addSize(size);
  }

  #addSize(size: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(size));
    this.#stream.update(bytes);
  }

  /** @param digests 32 bytes per segment, in order */
  add(digests: Uint8Array): void {
    if (this.#waiting === undefined) this.#stream.update(digests);
    else this.#waiting.push(Uint8Array.from(digests));
  }

  /** 64 hex digits. @param size the size given before, or the one that turned out */
  finish(size: number): string {
    if (this.#waiting !== undefined) {
      this.#addSize(size);
      for (const digests of this.#waiting) this.#stream.update(digests);
    }
    return toHex(this.#stream.digest());
  }
}
