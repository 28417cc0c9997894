import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/** What the engine takes from the world besides its stores and disks. A parameter, so that a simulator can own it. */
export interface Environment {
  /** Wall clock, milliseconds since 1970. Never decides safety. */
  now(): number;
  /** Milliseconds from some point, never stepping back. */
  monotonic(): number;
  random(bytes: number): Uint8Array;
  readonly host: string;
  readonly pid: number;
  readonly command: string;
}

export function systemEnvironment(): Environment {
  return {
    now: Date.now,
    monotonic: () => performance.now(),
    random: (bytes) => randomBytes(bytes),
    host: hostname(),
    pid: process.pid,
    command: process.argv.slice(2, 4).join(' ') || 'library',
  };
}
