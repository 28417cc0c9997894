/** The tests' own hashing: @noble/hashes, which shares no code with what the data path uses. */
import { blake3 as noble } from '@noble/hashes/blake3.js';
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';

export const blake3 = (bytes: Uint8Array): Uint8Array => noble(bytes);

export function sha(...parts: Uint8Array[]): Buffer {
  return Buffer.from(noble(Buffer.concat(parts)));
}

/** 32 bytes of ASCII and zeros. */
export function domain(text: string): Buffer {
  const bytes = Buffer.alloc(32);
  bytes.write(text, 'latin1');
  return bytes;
}

/** BLAKE3's extended output: seeded bytes that every implementation can make. */
export function extended(message: string, length: number): Buffer {
  return Buffer.from(noble(Buffer.from(message, 'latin1'), { dkLen: length }));
}

/** Runs a property from a seed that the test prints; `DOPPEL_SEED` repeats a run. */
export function holds(t: ExecutionContext, property: fc.IRawProperty<unknown>, numRuns = 200): void {
  const seed = Number(process.env.DOPPEL_SEED ?? Date.now() % 2 ** 31);
  t.log(`seed ${seed}, ${numRuns} runs`);
  fc.assert(property, { seed, numRuns });
  t.pass();
}
