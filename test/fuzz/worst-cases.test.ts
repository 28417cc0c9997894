/** What SPEC.md says that decoders cost at most, held against the inputs that cost the most: memory, and linear time. */
import test from 'ava';
import { section } from '../format/spec-document.js';
import { collectAll } from './collect-garbage.js';
import { decodeOrRefuse, WORST_CASES, type WorstCase } from './worst-cases.js';

const KIB = 1024;
const MIB = 1024 * KIB;
/** Measuring costs something itself, and V8 counts its heap by pages of 256 KiB. */
const FIXED_BYTES = 512 * KIB;
/**
 * Time for a byte of a large input: many times what the slowest takes, most of it for collecting garbage. What takes the
 * square of its length takes minutes for a MiB. (How time grows from a small input to a large one says less: garbage is
 * collected for the large one alone.)
 */
const MAX_US_PER_BYTE = 20;
const TRIES = 2;
/** Until V8 has compiled a decoder it leaves more garbage, and how much is collected at once is chance: the best counts. */
const MEMORY_TRIES = 8;

const [, structureBytes, payloadBytes] =
  /at most (\d+) bytes for each byte of a structure, and (\d+) for each byte of a payload/.exec(
    section('## 10 Limits'),
  ) ?? [];
const bounds = { structure: Number(structureBytes), payload: Number(payloadBytes) };

for (const worst of WORST_CASES) {
  test.serial(`${worst.name}: memory as SPEC.md allows`, async (t) => {
    const input = worst.make(MIB);
    decodeOrRefuse(worst, worst.make(4 * KIB)); // what is made once
    const most = bounds[worst.kind] * input.length + FIXED_BYTES;
    let { kept, grown } = await memoryOf(worst, input);
    for (let tries = 1; tries < MEMORY_TRIES && Math.max(kept, grown) > most; tries++) {
      const again = await memoryOf(worst, input);
      kept = Math.min(kept, again.kept);
      grown = Math.min(grown, again.grown);
    }
    t.log(
      `${(kept / input.length).toFixed(1)} kept, ${(grown / input.length).toFixed(1)} in all, for each of ${input.length} bytes`,
    );
    t.true(kept <= most, `${kept} bytes kept, at most ${most}`);
    t.true(grown <= most, `${grown} bytes at the end, at most ${most}`);
  });

  test.serial(`${worst.name}: linear time`, (t) => {
    const input = worst.make(MIB);
    const ms = timeOf(worst, input);
    t.log(`${ms.toFixed(1)} ms for ${input.length} bytes`);
    t.true((1000 * ms) / input.length <= MAX_US_PER_BYTE, `${ms} ms`);
  });
}

/** What the value keeps, and what there was when it was done: garbage that was not collected yet included. */
async function memoryOf(
  worst: WorstCase,
  input: Buffer,
): Promise<{ readonly kept: number; readonly grown: number }> {
  await settleMemory();
  const before = memoryBytes();
  const value = decodeOrRefuse(worst, input);
  const grown = memoryBytes() - before;
  collectAll();
  const kept = memoryBytes() - before;
  return { kept: value === undefined ? 0 : kept, grown };
}

/** Buffers that were dropped before must not go while the decoder is measured: it would seem to need nothing. */
async function settleMemory(): Promise<void> {
  collectAll();
  await new Promise((resolve) => setImmediate(resolve));
  collectAll();
}

function memoryBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The best of several: other processes and collections only add. */
function timeOf(worst: WorstCase, input: Buffer): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES; i++) {
    const started = performance.now();
    decodeOrRefuse(worst, input);
    best = Math.min(best, performance.now() - started);
  }
  return best;
}
