import { type Frame, type PackId, packKey } from '../../store-format/index.js';
import { decompressFrame } from '../compression/zstd.js';
import { messageOf, StoreError } from '../errors.js';
import type { ObjectStore } from '../objects/object-store.js';

/** @throws object-missing, object-unreadable, object-damaged when the pack ends before the frame does */
export async function readStoredFrame(objects: ObjectStore, pack: PackId, frame: Frame): Promise<Buffer> {
  const { offset, storedBytes } = frame;
  const { bytes } = await objects.get(packKey(pack), { offset, length: storedBytes });
  if (bytes.length === storedBytes) return bytes;
  throw damagedFrame(pack, offset, 'the file ends before it does');
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
