import {
  decodePackTail,
  FormatError,
  PACK_TAIL_BYTES,
  type PackId,
  type PackTail,
  packKey,
} from '../../store-format/index.js';
import { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import type { ObjectStore } from '../objects/object-store.js';

/** Reads and checks a pack's footer and trailer. @throws object-missing, object-damaged, object-unreadable */
export async function readPackTail(objects: ObjectStore, id: PackId): Promise<PackTail> {
  const key = packKey(id);
  const { bytes, size } = await objects.get(key, { last: PACK_TAIL_BYTES });
  try {
    return decodePackTail(bytes, size, id, blake3, objects.vault);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new StoreError(
      'object-damaged',
      `Pack ${id.slice(0, 12)}… is damaged: ${cause.message}; "doppel verify --all" tells which images it hurts`,
      { object: key, pack: id, offset: cause.offset },
      { cause },
    );
  }
}
