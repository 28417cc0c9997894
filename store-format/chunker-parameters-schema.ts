/** Which parameters a chunker may have (SPEC.md, "Cutting"). */
import * as v from 'valibot';
import type { ChunkerParameters } from './chunker-parameters.js';
import { BLOCK_BYTES, KIB, MIB, SEGMENT_BYTES } from './limits.js';

export const ChunkerParametersSchema: v.GenericSchema<unknown, ChunkerParameters> = v.pipe(
  v.strictObject({
    algorithm: v.literal('fastcdc'),
    minBytes: v.pipe(v.number(), v.integer(), v.minValue(64), v.maxValue(MIB)),
    averageBytes: v.pipe(v.number(), v.integer(), v.minValue(256), v.maxValue(MIB)),
    maxBytes: v.pipe(v.number(), v.integer(), v.minValue(KIB), v.maxValue(SEGMENT_BYTES)),
    holeBlocks: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(SEGMENT_BYTES / BLOCK_BYTES)),
    gearSeed: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  }),
  v.check(
    (p) => p.minBytes < p.averageBytes && p.averageBytes < p.maxBytes && isPowerOfTwo(p.averageBytes),
    'expected minBytes < averageBytes (a power of two) < maxBytes',
  ),
);

function isPowerOfTwo(n: number): boolean {
  return (n & (n - 1)) === 0;
}
