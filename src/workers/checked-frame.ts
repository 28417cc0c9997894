import { type Frame, heldBytes } from '../../store-format/layouts.js';
import { decompressFrame } from '../compression/zstd.js';
import { openFrame } from '../encryption/frame-seals.js';

let plainBuffer = Buffer.alloc(0);

/**
 * @param held what stands in the pack
 * @returns the frame's stored bytes, and its plain ones until the next call; undefined when it is no such frame
 */
export function openedFrame(
  frame: Pick<Frame, 'codec' | 'storedBytes' | 'plainBytes' | 'seal'>,
  held: Buffer,
): { readonly stored: Buffer; readonly plain: Buffer } | undefined {
  if (held.length < heldBytes(frame)) return undefined;
  if (plainBuffer.length < frame.plainBytes) plainBuffer = Buffer.allocUnsafeSlow(frame.plainBytes);
  try {
    const stored = frame.seal === undefined ? held : openFrame(held, frame.seal, frame.storedBytes);
    const plain = decompressFrame(frame.codec, stored, frame.plainBytes, plainBuffer);
    return { stored, plain: Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength) };
  } catch {
    return undefined;
  }
}
