import type { Image } from '../interface.js';

/** `web@3f2a91c0`: what messages call an image. */
export function shortName(image: Pick<Image, 'name' | 'id'>): string {
  return `${image.name}@${image.id.slice(0, 8)}`;
}
