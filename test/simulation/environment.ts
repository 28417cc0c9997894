/** Time and chance for simulated processes. Nothing here takes any real time. */
import type { Environment } from '../../src/environment.js';
import type { SimulatedProcess } from './processes.js';
import type { Random } from './random.js';

export class VirtualClock {
  /** True time, which no process sees. */
  nowMs = 1_800_000_000_000;
  /** How far each machine's wall clock is off. */
  readonly #offsetsMs = new Map<number, number>();

  wallMs(host: number): number {
    return this.nowMs + (this.#offsetsMs.get(host) ?? 0);
  }

  stepWall(host: number, byMs: number): void {
    this.#offsetsMs.set(host, (this.#offsetsMs.get(host) ?? 0) + byMs);
  }
}

/** @param random of one operation, so that leaving out another changes no id */
export function simulatedEnvironment(
  process: SimulatedProcess,
  clock: VirtualClock,
  random: () => Random,
): Environment {
  return {
    now: () => clock.wallMs(process.host),
    monotonic: () => clock.nowMs,
    sleep: (ms, signal) => sleep(process, clock.nowMs + ms, signal),
    random: (bytes) => random().bytes(bytes),
    host: `host ${process.host}`,
    pid: process.slot * 1000 + process.generation,
    command: 'simulated',
  };
}

function sleep(process: SimulatedProcess, untilMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    if (!process.alive) return;
    const sleeper = { untilMs, wake: resolve };
    process.sleepers.push(sleeper);
    signal?.addEventListener('abort', () => {
      const at = process.sleepers.indexOf(sleeper);
      if (at >= 0) process.sleepers.splice(at, 1);
      reject(signal.reason);
    });
  });
}
