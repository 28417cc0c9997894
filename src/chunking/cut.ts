import { type ChunkerParameters, SEGMENT_BYTES } from '../../store-format/layouts.js';
import { CUT_MODULE } from './cut-module.js';
import { gearTable } from './gear-table.js';

/**
 * FastCDC with normalized chunking (Xia et al., USENIX ATC 2016): a rolling gear hash, a harder mask before the
 * average length and an easier one after it. The hash starts anew at each chunk, `minBytes` into it, so where a
 * chunk ends depends on its own bytes alone: that is what prediction rests on. The loop itself is cut.wat.
 */
export interface Cutter {
  /** Takes a copy of the bytes to cut: a segment, or a part of one. */
  load(segment: Uint8Array): void;
  /** End of the chunk that starts at `start` of the loaded bytes, in a data run that ends at `end`. */
  cut(start: number, end: number): number;
}

/** How many bits the masks differ from the average's own: 2 is the paper's normalization level. */
const NORMALIZATION = 2;
const GEAR_BYTES = 1024;
const WASM_PAGE_BYTES = 65_536;

interface CutExports {
  find(position: number, middle: number, limit: number, hard: number, easy: number): number;
}

export function createCutter(parameters: ChunkerParameters): Cutter {
  const { minBytes, averageBytes, maxBytes, gearSeed } = parameters;
  const bits = Math.log2(averageBytes);
  const hard = highBits(bits + NORMALIZATION);
  const easy = highBits(bits - NORMALIZATION);
  const memory = new WebAssembly.Memory({
    initial: Math.ceil((GEAR_BYTES + SEGMENT_BYTES) / WASM_PAGE_BYTES),
  });
  const module = new WebAssembly.Module(Buffer.from(CUT_MODULE, 'base64'));
  const { find } = new WebAssembly.Instance(module, { cut: { memory } }).exports as unknown as CutExports;
  new Int32Array(memory.buffer, 0, GEAR_BYTES / 4).set(gearTable(gearSeed));
  const bytes = new Uint8Array(memory.buffer, GEAR_BYTES, SEGMENT_BYTES);
  return {
    load: (segment) => bytes.set(segment),
    cut: (start, end) => {
      const limit = Math.min(end, start + maxBytes);
      return find(start + minBytes, Math.min(limit, start + averageBytes), limit, hard, easy);
    },
  };
}

/** The highest bits of the hash mix the most bytes. */
function highBits(count: number): number {
  return (-1 << (32 - count)) | 0;
}
