/** Two files byte for byte: by reading both, trusting nothing that a tool says about itself. */
import { type FileHandle, open } from 'node:fs/promises';

const STEP_BYTES = 4 * 1024 * 1024;

/** @returns offset of the first difference (the shorter length, if one is the start of the other), or undefined */
export async function firstDifference(pathA: string, pathB: string): Promise<number | undefined> {
  await using a = await open(pathA);
  await using b = await open(pathB);
  const [bufferA, bufferB] = [Buffer.allocUnsafe(STEP_BYTES), Buffer.allocUnsafe(STEP_BYTES)];
  for (let offset = 0; ; ) {
    const [lengthA, lengthB] = await Promise.all([fill(a, bufferA, offset), fill(b, bufferB, offset)]);
    const common = Math.min(lengthA, lengthB);
    if (bufferA.compare(bufferB, 0, common, 0, common) !== 0) {
      return offset + bufferA.subarray(0, common).findIndex((byte, index) => byte !== bufferB[index]);
    }
    offset += common;
    if (lengthA !== lengthB) return offset;
    if (common === 0) return undefined;
  }
}

/** @returns bytes read: fewer than the buffer holds only at the file's end */
async function fill(file: FileHandle, buffer: Buffer, offset: number): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
