/** Cutting as SPEC.md states it, one statement after the other, with whole numbers of any size: slow and plain. */
import { blake3 as noble } from '@noble/hashes/blake3.js';
import type { ChunkerParameters } from '../../store-format/index.js';

const BLOCK = 4096;

export function referenceGear(seed: string): readonly bigint[] {
  const key = Buffer.from(seed, 'hex');
  const bytes = Buffer.from(noble(Buffer.from('doppel gear'), { key, dkLen: 1024 }));
  return Array.from({ length: 256 }, (_, i) => BigInt(bytes.readUInt32LE(4 * i)));
}

export interface Segmented {
  readonly holes: number[];
  readonly lengths: number[];
}

export function referenceSegment(bytes: Uint8Array, p: ChunkerParameters): Segmented {
  const gear = referenceGear(p.gearSeed);
  const holes = referenceHoles(bytes, p.holeBlocks);
  const lengths: number[] = [];
  let start = 0;
  for (const [holeStart, holeLength] of [...holes, [bytes.length, 0] as const]) {
    while (start < holeStart) {
      const end = endOfChunk(bytes, start, holeStart, p, gear);
      lengths.push(end - start);
      start = end;
    }
    start = holeStart + holeLength;
  }
  return { holes: holes.flat(), lengths };
}

function referenceHoles(bytes: Uint8Array, holeBlocks: number): [number, number][] {
  const zero: boolean[] = [];
  for (let at = 0; at < bytes.length; at += BLOCK) {
    zero.push(bytes.subarray(at, at + BLOCK).every((byte) => byte === 0));
  }
  const holes: [number, number][] = [];
  for (let first = 0; first < zero.length; first++) {
    if (!zero[first]) continue;
    let last = first;
    while (zero[last + 1]) last++;
    const end = Math.min((last + 1) * BLOCK, bytes.length);
    if (last - first + 1 >= holeBlocks) holes.push([first * BLOCK, end - first * BLOCK]);
    first = last;
  }
  return holes;
}

function endOfChunk(
  bytes: Uint8Array,
  s: number,
  e: number,
  { minBytes, averageBytes, maxBytes }: ChunkerParameters,
  gear: readonly bigint[],
): number {
  const b = Math.log2(averageBytes);
  const highest = (bits: number): bigint => ((1n << BigInt(bits)) - 1n) << BigInt(32 - bits);
  const limit = Math.min(e, s + maxBytes);
  if (s + minBytes >= limit) return limit;
  let h = 0n;
  for (let p = s + minBytes; p < limit; p++) {
    h = (2n * h + gear[bytes[p]!]!) % 2n ** 32n;
    const mask = p < s + averageBytes ? highest(b + 2) : highest(b - 2);
    if ((h & mask) === 0n) return p + 1;
  }
  return limit;
}
