/**
 * One input, one verdict: what the decoder said, and whether it kept its contract. The same for a run, for a kept input
 * and while a violation is made small.
 */
import { isDeepStrictEqual } from 'node:util';
import { getHeapStatistics } from 'node:v8';
import { collectAll, collectYoung } from './collect-garbage.js';
import type { Bounds, Target } from './target.js';

export const ACCEPTED = 'accepted';
/** A collection of garbage or another process may be to blame once, but not each time. */
const TRIES = 3;

export type ViolationKind = 'error' | 'oracle' | 'memory' | 'slow' | 'hang' | 'crash';

export interface Verdict {
  /** ACCEPTED, or the code of the error. */
  readonly outcome: string;
  /** The same, with the target's own word for what came out. */
  readonly summary: string;
  /** Tells one way through the decoder from another: the error's text without its numbers. */
  readonly path: string;
  readonly ms: number;
  /** What the heap and the buffers grew by; less where garbage was collected meanwhile. */
  readonly bytes: number;
  readonly violation?: { readonly kind: ViolationKind; readonly message: string } | undefined;
}

/**
 * Quick: does it decode. Thorough: also whether it does so twice, and leaves its input alone. Exact: all that, with its
 * memory measured from a clean heap, which takes some milliseconds.
 */
export type Care = 'quick' | 'thorough' | 'exact';

export async function judge(target: Target, input: Buffer, care: Care): Promise<Verdict> {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0; // most errors are what they should be, and a stack costs as much as the rest
  if (care === 'exact') collectAll();
  let verdict = await tryOnce(target, input, care);
  Error.stackTraceLimit = stackTraceLimit;
  if (verdict.bytes < 0 || (verdict.violation !== undefined && !isCostly(verdict.violation.kind))) {
    collectYoung(); // where garbage went meanwhile, nothing was measured
    verdict = await tryOnce(target, input, care);
  }
  for (let tries = 1; tries < TRIES && isCostly(verdict.violation?.kind); tries++) {
    collectAll();
    verdict = await tryOnce(target, input, care);
  }
  return verdict;
}

function isCostly(kind: ViolationKind | undefined): boolean {
  return kind === 'memory' || kind === 'slow';
}

async function tryOnce(target: Target, input: Buffer, care: Care): Promise<Verdict> {
  const before = care !== 'quick' ? Buffer.from(input) : undefined;
  const bytesBefore = memoryBytes();
  const started = performance.now();
  let value: unknown;
  let thrown: { readonly error: unknown } | undefined;
  try {
    const result = target.decode(input);
    value = result instanceof Promise ? await result : result;
  } catch (error) {
    thrown = { error };
  }
  const ms = performance.now() - started;
  const bytes = memoryBytes() - bytesBefore;
  const cost = { ms, bytes };
  const outcome = thrown === undefined ? ACCEPTED : target.rejection(thrown.error);
  if (outcome === undefined) return violated('error', describe(thrown?.error), cost);
  const excess = target.bounds && excessOf(target.bounds, input.length, cost);
  if (excess !== undefined) return violated(excess.kind, excess.message, cost);
  if (before !== undefined && !before.equals(input)) return violated('oracle', 'It changed its input', cost);
  if (thrown === undefined) {
    try {
      target.check?.(input, value);
    } catch (error) {
      return violated('oracle', describe(error), cost);
    }
    if (care !== 'quick' && !isDeepStrictEqual(await target.decode(input), value))
      return violated('oracle', 'Decoded twice, it is two values', cost);
  }
  const summary = thrown === undefined ? (target.summarize?.(value) ?? outcome) : outcome;
  return { outcome, summary, path: pathOf(summary, thrown?.error, value), ...cost };
}

function violated(kind: ViolationKind, message: string, cost: { ms: number; bytes: number }): Verdict {
  return { outcome: 'violation', summary: kind, path: kind, ...cost, violation: { kind, message } };
}

function excessOf(
  bounds: Bounds,
  length: number,
  { ms, bytes }: { readonly ms: number; readonly bytes: number },
) {
  const most = bounds.fixedBytes + bounds.bytesPerByte * length;
  if (bytes > most)
    return { kind: 'memory', message: `${bytes} bytes for ${length}, at most ${most}` } as const;
  if (ms > bounds.ms) return { kind: 'slow', message: `${Math.round(ms)} ms, at most ${bounds.ms}` } as const;
  return undefined;
}

function memoryBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}

function pathOf(summary: string, error: unknown, value: unknown): string {
  if (!(error instanceof Error)) return `${summary} ${shapeOf(value, 0)}`;
  // What an error quotes of the input would make each input a way of its own.
  return `${summary} ${error.message.slice(0, 60).replace(/[^a-zA-Z:. ]+.*$/, '')}`;
}

/** Types, fields and orders of magnitude. */
function shapeOf(value: unknown, depth: number): string {
  if (typeof value !== 'object' || value === null || depth > 2) return typeof value;
  const length = (value as { readonly length?: unknown }).length;
  if (typeof length === 'number') {
    const first = Array.isArray(value) ? shapeOf(value[0], depth + 1) : '';
    return `[${32 - Math.clz32(length)}${first}]`;
  }
  return `{${Object.entries(value)
    .slice(0, 20)
    .map(([key, field]) => `${key.slice(0, 12)}${shapeOf(field, depth + 1)}`)}}`;
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)).slice(0, 2000) : `Thrown: ${String(error)}`;
}
