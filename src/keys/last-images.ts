/**
 * The last image of each name that a machine has signed: what its key signs behind these counts no more once it has ended. A
 * stolen key can be put to images that say they are older; what somebody with full access has seen cannot be added to.
 */
import type { PlaceInOrder, Writer } from '../../store-format/index.js';
import type { ImageLibrary } from '../images/image-library.js';

export type LastOf = (writer: Writer) => readonly PlaceInOrder[];

/** For each writer that may only write, by its public key. Images that were removed are those of nobody. */
export async function lastImages(library: ImageLibrary): Promise<LastOf> {
  const places = new Map<string, Map<string, PlaceInOrder>>();
  for (const { removed, signedBy, name, sequence, created, publication } of (await library.load()).images) {
    if (removed || signedBy?.access !== 'write') continue;
    const own = places.get(signedBy.key) ?? new Map<string, PlaceInOrder>();
    places.set(signedBy.key, own);
    // Images come in the order of their names.
    own.set(name, { name, sequence, createdMs: created.getTime(), pubId: publication });
  }
  return ({ publicKey }) => [...(places.get(publicKey)?.values() ?? [])];
}
