/**
 * Makes a failing run smaller: the same seed with kinds of faults, kinds of operations and single operations left out,
 * as long as the same rule is still broken. Everything runs again from the start, so what comes out is a run that fails.
 */
import { FAULT_KINDS, type FaultKind } from './faults.js';
import type { Focus } from './focus.js';
import type { Plant } from './plants.js';
import { OPERATION_KINDS, type OperationKind } from './scenario.js';
import { type RunOptions, type RunResult, simulate } from './simulation.js';

/** Runs that are tried at most. */
const MAX_TRIES = 120;

export interface Shrunk {
  readonly result: RunResult;
  readonly faultsOff: ReadonlySet<FaultKind>;
  readonly operationsOff: ReadonlySet<OperationKind>;
  readonly skipped: ReadonlySet<number>;
}

/** @param makePlant a fresh one for each run. @param found the run that failed */
export async function shrink(
  found: RunResult,
  makePlant: (() => Plant) | undefined,
  focus: Focus | undefined,
  tries: number = MAX_TRIES,
): Promise<Shrunk> {
  return new Shrinker(found, makePlant, focus, tries).run();
}

class Shrinker {
  #steps: number;
  readonly #faultsOff = new Set<FaultKind>();
  readonly #operationsOff = new Set<OperationKind>();
  #skipped: ReadonlySet<number> = new Set();

  constructor(
    private readonly found: RunResult,
    private readonly makePlant: (() => Plant) | undefined,
    private readonly focus: Focus | undefined,
    private triesLeft: number,
  ) {
    this.#steps = found.steps;
  }

  async run(): Promise<Shrunk> {
    await this.#leaveOutEach(FAULT_KINDS, this.#faultsOff);
    await this.#leaveOutEach(OPERATION_KINDS, this.#operationsOff);
    await this.#leaveOutOperations();
    const result = await this.#simulate({ trace: true });
    const { faultsOff, operationsOff, skipped } = { ...this.#options() };
    return { result, faultsOff, operationsOff, skipped };
  }

  async #leaveOutEach<K>(kinds: readonly K[], off: Set<K>): Promise<void> {
    for (const kind of kinds) {
      off.add(kind);
      if (!(await this.#fails())) off.delete(kind);
    }
  }

  /** Long runs of operations first, then shorter ones, from the last to the first. */
  async #leaveOutOperations(): Promise<void> {
    const result = await this.#simulate({});
    const count = [...result.started.values()].reduce((sum, started) => sum + started, 0);
    for (let length = 2 ** Math.floor(Math.log2(Math.max(1, count / 2))); length >= 1; length /= 2) {
      for (let first = Math.floor((count - 1) / length) * length; first >= 0; first -= length) {
        if (this.triesLeft <= 0) return;
        const before = this.#skipped;
        const more = Array.from({ length }, (_, i) => first + i).filter((number) => !before.has(number));
        if (more.length === 0) continue;
        this.#skipped = new Set([...before, ...more]);
        if (!(await this.#fails())) this.#skipped = before;
      }
    }
  }

  async #fails(): Promise<boolean> {
    if (this.triesLeft-- <= 0) return false;
    const { violation, steps } = await this.#simulate({});
    if (violation?.rule !== this.found.violation!.rule) return false;
    this.#steps = Math.min(this.#steps, steps);
    return true;
  }

  #options() {
    return { faultsOff: this.#faultsOff, operationsOff: this.#operationsOff, skipped: this.#skipped };
  }

  #simulate(more: Partial<RunOptions>): Promise<RunResult> {
    const plant = this.makePlant?.();
    const { seed, keys } = this.found;
    return simulate({
      seed,
      keys,
      steps: this.#steps,
      ...this.#options(),
      ...(plant && { plant }),
      ...(this.focus && { focus: this.focus }),
      ...more,
    });
  }
}
