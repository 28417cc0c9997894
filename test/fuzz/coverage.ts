/**
 * Which blocks of the project's code ran: V8's own block coverage, through the inspector that Node has built in. It asks
 * for no dependency, no build and no second copy of the code. (Fuzzing engines with native parts want all modules as
 * CommonJS or through a loader, and some fifty packages more.)
 *
 * Measured: 1.5 to 2.5 ms to take, and code compiled with counters is 20 to 40 % slower. So blocks are counted only while
 * exploring, in a process of its own, for several inputs at once; what it finds is where all other inputs start from.
 * Modules must be loaded after `start`: code compiled before has no counters.
 */
import { type Profiler, Session } from 'node:inspector';

const PROJECT = /\/(src|store-format|cli)\/[^?]*\.ts/;

export class Coverage {
  readonly #session = new Session();

  start(): void {
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Blocks that ran since the last time. */
  take(): string[] {
    const { result } = this.#post('Profiler.takePreciseCoverage') as Profiler.TakePreciseCoverageReturnType;
    const blocks: string[] = [];
    for (const { url, functions } of result) {
      if (!PROJECT.test(url)) continue;
      for (const { ranges } of functions)
        for (const { count, startOffset, endOffset } of ranges)
          if (count > 0) blocks.push(`${url} ${startOffset} ${endOffset}`);
    }
    return blocks;
  }

  #post(method: string, parameters: object = {}): unknown {
    let result: unknown;
    this.#session.post(method, parameters, (error, value) => {
      if (error) throw error;
      result = value;
    });
    return result;
  }
}
