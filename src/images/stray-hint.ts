import { imageKey, type PubId } from '../../store-format/index.js';
import type { Hint } from '../interface.js';

export interface Stray {
  readonly publication: PubId;
  /** What it is said to be an image of. */
  readonly name: string;
  /** Who says so. */
  readonly writer: string;
}

/** An image that its writer had no right to publish under its name: somebody with full access decides about it. */
export function strayHint({ publication, name, writer }: Stray): Hint {
  const reference = `@${publication.slice(0, 8)}`;
  return {
    code: 'image-not-allowed',
    message: `Image ${reference} counts for nothing: "${writer}" signed it, and may not publish images of ${name}, or not any more; "doppel rm ${reference}" removes it`,
    object: imageKey(publication),
    image: reference,
  };
}
