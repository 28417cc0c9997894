import type { ChunkerParameters } from '../../store-format/index.js';
import { gearTable } from './gear-table.js';

/**
 * FastCDC with normalized chunking (Xia et al., USENIX ATC 2016): a rolling gear hash, a harder mask before the
 * average length and an easier one after it. The hash starts anew at each chunk, `minBytes` into it, so where a
 * chunk ends depends on its own bytes alone: that is what prediction rests on.
 */
export interface Cutter {
  readonly minBytes: number;
  readonly averageBytes: number;
  readonly maxBytes: number;
  readonly gear: Int32Array;
  readonly hardMask: number;
  readonly easyMask: number;
}

/** How many bits the masks differ from the average's own: 2 is the paper's normalization level. */
const NORMALIZATION = 2;

export function createCutter(parameters: ChunkerParameters): Cutter {
  const bits = Math.log2(parameters.averageBytes);
  return {
    minBytes: parameters.minBytes,
    averageBytes: parameters.averageBytes,
    maxBytes: parameters.maxBytes,
    gear: gearTable(parameters.gearSeed),
    hardMask: highBits(bits + NORMALIZATION),
    easyMask: highBits(bits - NORMALIZATION),
  };
}

/** The highest bits of the hash mix the most bytes. */
function highBits(count: number): number {
  return (-1 << (32 - count)) | 0;
}

/** End of the chunk that starts at `start` in a data run that ends at `end`. */
export function cut(bytes: Uint8Array, start: number, end: number, cutter: Cutter): number {
  const { gear, hardMask, easyMask } = cutter;
  const limit = Math.min(end, start + cutter.maxBytes);
  const middle = Math.min(limit, start + cutter.averageBytes);
  let position = start + cutter.minBytes;
  let hash = 0;
  for (; position < middle; position++) {
    hash = ((hash << 1) + gear[bytes[position]!]!) | 0;
    if ((hash & hardMask) === 0) return position + 1;
  }
  for (; position < limit; position++) {
    hash = ((hash << 1) + gear[bytes[position]!]!) | 0;
    if ((hash & easyMask) === 0) return position + 1;
  }
  return limit;
}
