/** Which parameters a chunker may have (SPEC.md, "Cutting"). */
import * as v from 'valibot';
import type { StoredChunker } from './chunker-parameters.js';
import { BLOCK_BYTES, KIB, MIB, SEGMENT_BYTES } from './limits.js';

/** As a config says them: with keys, the gear table's seed follows from the id key and is not said. */
export const ChunkerParametersSchema: v.GenericSchema<unknown, StoredChunker> = v.pipe(
  v.strictObject({
    algorithm: v.picklist(['fastcdc', 'fastcdc-keyed']),
    minBytes: v.pipe(v.number(), v.integer(), v.minValue(64), v.maxValue(MIB)),
    averageBytes: v.pipe(v.number(), v.integer(), v.minValue(256), v.maxValue(MIB)),
    maxBytes: v.pipe(v.number(), v.integer(), v.minValue(KIB), v.maxValue(SEGMENT_BYTES)),
    holeBlocks: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(SEGMENT_BYTES / BLOCK_BYTES)),
    gearSeed: v.exactOptional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
  }),
  v.check(
    (p) => p.minBytes < p.averageBytes && p.averageBytes < p.maxBytes && isPowerOfTwo(p.averageBytes),
    'expected minBytes < averageBytes (a power of two) < maxBytes',
  ),
  v.check(
    (p) => (p.algorithm === 'fastcdc') === (p.gearSeed !== undefined),
    'a seed goes with fastcdc alone',
  ),
);

function isPowerOfTwo(n: number): boolean {
  return (n & (n - 1)) === 0;
}
