import { type Frame, heldBytes, type PackId, packKey } from '../../store-format/index.js';
import { decompressFrame } from '../compression/zstd.js';
import { openFrame } from '../encryption/frame-seals.js';
import { messageOf, StoreError } from '../errors.js';
import type { ObjectStore } from '../objects/object-store.js';

/** A frame's stored bytes, opened if they are sealed. @throws object-missing, object-unreadable, object-damaged */
export async function readStoredFrame(
  objects: Pick<ObjectStore, 'get'>,
  pack: PackId,
  frame: Frame,
): Promise<Buffer> {
  const { offset, storedBytes, seal } = frame;
  const { bytes } = await objects.get(packKey(pack), { offset, length: heldBytes(frame) });
  if (bytes.length < heldBytes(frame)) throw damagedFrame(pack, offset, 'the file ends before it does');
  if (seal === undefined) return bytes;
  try {
    return openFrame(bytes, seal, storedBytes);
  } catch (error) {
    throw damagedFrame(pack, offset, messageOf(error));
  }
}

/** The frame's plain bytes, in memory of their own. @throws object-damaged */
export function plainFrame(pack: PackId, frame: Frame, stored: Uint8Array): Buffer {
  try {
    const out = Buffer.allocUnsafeSlow(frame.plainBytes);
    const plain = decompressFrame(frame.codec, stored, frame.plainBytes, out);
    return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
  } catch (error) {
    throw damagedFrame(pack, frame.offset, messageOf(error));
  }
}

function damagedFrame(pack: PackId, offset: number, why: string): StoreError {
  return new StoreError(
    'object-damaged',
    `A frame of pack ${pack.slice(0, 12)}… at byte ${offset} is damaged: ${why}`,
    { object: packKey(pack), pack, offset },
  );
}
