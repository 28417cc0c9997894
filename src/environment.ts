import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/** What the engine takes from the world besides its stores and disks. A parameter, so that a simulator can own it. */
export interface Environment {
  /** Wall clock, milliseconds since 1970. Never decides safety. */
  now(): number;
  /** Milliseconds from some point, never stepping back. */
  monotonic(): number;
  /** Resolves after that many milliseconds. @throws the signal's reason */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  random(bytes: number): Uint8Array;
  readonly host: string;
  readonly pid: number;
  readonly command: string;
}

/** Enough for a person to tell which command it is. */
const COMMAND_LENGTH = 200;

/** The first words of the process's command line. Not what follows an option: that may be a secret. */
function firstWords(): string {
  const words = process.argv.slice(2, 4);
  const option = words.findIndex((word) => word.startsWith('-'));
  return words.slice(0, option < 0 ? words.length : option).join(' ');
}

/** @param command what leases and marks say is at work; the first words of the process's command line by default */
export function systemEnvironment(command?: string): Environment {
  return {
    now: Date.now,
    monotonic: () => performance.now(),
    sleep: async (ms, signal) => {
      await delay(ms, undefined, { signal }).catch((error: unknown) => {
        signal?.throwIfAborted();
        throw error;
      });
    },
    random: (bytes) => randomBytes(bytes),
    host: hostname(),
    pid: process.pid,
    command: (command ?? firstWords()).slice(0, COMMAND_LENGTH) || 'library',
  };
}
