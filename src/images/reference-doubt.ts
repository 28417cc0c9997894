/**
 * References in doubt. While something of the library cannot be read, a version or a tag may mean another image than the one
 * that is found: an older one must never stand in for the newest with no more than a warning. An id is never in doubt.
 */
import { nameFolder, parseMark } from '../../store-format/index.js';
import type { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import type { Image } from '../interface.js';
import type { Reference } from './reference.js';

/** The first of what cannot be read that could make the reference mean another image. */
export function doubtOf(
  reference: Reference,
  images: readonly Image[],
  unreadable: readonly StoreError[],
): StoreError | undefined {
  if (reference.kind === 'id') return undefined;
  const { kind, name } = reference;
  const nameRecords = `${nameFolder(name, blake3)}/`;
  return unreadable.find(({ details: { object = '' } }) => {
    const mark = parseMark(object);
    if (mark !== undefined)
      return images.some((image) => image.publication === mark.image && image.name === name);
    if (object.startsWith('tags/')) return kind === 'tag' && object.startsWith(nameRecords);
    return true; // a manifest: nobody knows whose
  });
}
