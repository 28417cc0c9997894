import { StoreError } from '../errors.js';
import type { Image } from '../interface.js';

/** For who would do more with an image than look at it or remove it. @throws bad-reference */
export function requireNamed({ signedBy, name, id }: Image): void {
  if (signedBy?.allowed !== false) return;
  throw new StoreError(
    'bad-reference',
    `Image @${id.slice(0, 8)} is none of ${name}: "${signedBy.writer}" signed it, and may not publish it under that name`,
    { image: id },
  );
}
