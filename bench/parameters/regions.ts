/** Images in regions: all of each, or the same regions of each, spread evenly, so that what images share is shared still. */
import { open } from 'node:fs/promises';
import type { SourceImage } from '../tool.js';

/** A multiple of the longest segment that is tried. */
export const REGION_BYTES: number = 64 * 2 ** 20;

export interface Region {
  readonly image: string;
  /** Byte offset in the image. */
  readonly offset: number;
  /** Good until the next region is asked for. */
  readonly bytes: Buffer;
}

/** @param share of the regions, above 0 and at most 1 */
export async function* readRegions(images: readonly SourceImage[], share: number): AsyncGenerator<Region> {
  const buffer = Buffer.allocUnsafeSlow(REGION_BYTES);
  for (const { name, path, sizeBytes } of images) {
    await using file = await open(path);
    for (let number = 0; number * REGION_BYTES < sizeBytes; number++) {
      if (!isTaken(number, share)) continue;
      const offset = number * REGION_BYTES;
      const length = Math.min(REGION_BYTES, sizeBytes - offset);
      for (let done = 0; done < length; ) {
        const { bytesRead } = await file.read(buffer, done, length - done, offset + done);
        if (bytesRead === 0) throw new Error(`${path} became shorter`);
        done += bytesRead;
      }
      yield { image: name, offset, bytes: buffer.subarray(0, length) };
    }
  }
}

function isTaken(number: number, share: number): boolean {
  return Math.ceil((number + 1) * share) > Math.ceil(number * share);
}
