/**
 * What is fuzzed: a decoder of outside bytes with its contract. Whatever the input, it gives a value that the oracle
 * accepts or throws the one error it documents, in time and memory that the length of the input bounds. All else is a
 * violation.
 */
import type { Random } from '../simulation/random.js';

export interface Target<T = unknown> {
  readonly name: string;
  /** Inputs relative to other targets: what is slow, or has little to find, gets fewer. */
  readonly share: number;
  /** Sound inputs, from which others are made. */
  seeds(): readonly Buffer[];
  /** A change that knows the structure, where bytewise changes rarely get through. */
  mutate?(input: Buffer, random: Random): Buffer;
  /** Makes lengths and hashes right again, in place or not, so that an input reaches what stands behind their check. */
  seal?(input: Buffer, random: Random): Buffer;
  decode(input: Buffer): T | Promise<T>;
  /** The code of an error that the contract allows. */
  rejection(error: unknown): string | undefined;
  /** What came out, in a word, where "accepted" says too little. */
  summarize?(value: T): string;
  /** What must hold of a value. @throws when it does not */
  check?(input: Buffer, value: T): void;
  readonly bounds?: Bounds;
}

/** What one input may cost. */
export interface Bounds {
  readonly bytesPerByte: number;
  /** What needs no input: caches, the engine's own tables, and the noise of measuring. */
  readonly fixedBytes: number;
  readonly ms: number;
}

const KIB = 1024;
/** SPEC.md, "Limits": a structure, and a payload. The slowest legal inputs of these sizes take a tenth of the time. */
export const STRUCTURE_BOUNDS: Bounds = { bytesPerByte: 8, fixedBytes: 1024 * KIB, ms: 250 };
export const PAYLOAD_BOUNDS: Bounds = { bytesPerByte: 64, fixedBytes: 1024 * KIB, ms: 250 };

/** Types a target by what it decodes, and forgets the type. */
export function target<T>(definition: Target<T>): Target {
  return definition as Target;
}
