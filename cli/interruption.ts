/**
 * Ctrl-C, SIGTERM and a closed terminal. While an operation runs that can stop cleanly, the first signal aborts it and
 * the second ends the process at once; at any other moment the first one ends it. Ending at once is always safe for the
 * store; stopping cleanly besides runs `--after` commands and keeps what was stored for the next capture.
 *
 * An operation stops between two requests, and a disk that hangs answers none: after a while the process ends without it.
 * Ending at once is being killed by the very signal: `process.exit` would wait for threads that wait for the disk.
 */
import { EXIT, type ExitCode } from './exit-codes.js';

const SIGNAL_EXIT_CODES = {
  SIGINT: EXIT.interrupt,
  SIGTERM: EXIT.terminate,
  SIGHUP: EXIT.hangup,
} as const satisfies Partial<Record<NodeJS.Signals, ExitCode>>;

/** How long an operation may take to stop: two packs must be written to a slow disk. */
const PATIENCE_MS = 15_000;

type WatchedSignal = keyof typeof SIGNAL_EXIT_CODES;

/** The reason that the abort signal carries, and that an aborted operation throws. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly exitCode: ExitCode;

  constructor(readonly signal: WatchedSignal) {
    super(`Interrupted by ${signal}`);
    this.exitCode = SIGNAL_EXIT_CODES[signal];
  }
}

/** The reason when the reader of standard output went away in the middle of an image. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

export interface InterruptionHooks {
  /** The operation did not stop in time. */
  readonly onImpatience: () => void;
  /** The first signal was passed on to the operation. */
  readonly onStopping: () => void;
  /** The process is about to end without waiting for anything. */
  readonly onExit: (reason: Interrupted) => void;
}

export class Interruption {
  readonly #controller = new AbortController();
  readonly #hooks: InterruptionHooks;
  #canStopCleanly = false;
  #patienceMs = PATIENCE_MS;

  constructor(hooks: InterruptionHooks) {
    this.#hooks = hooks;
    for (const signal of Object.keys(SIGNAL_EXIT_CODES) as WatchedSignal[]) {
      process.on(signal, () => this.#receive(new Interrupted(signal)));
    }
  }

  /**
   * For an operation that watches it from now on: the first Ctrl-C leaves the process to it.
   *
   * @param patience `endless` where something must be undone at the end, however long that takes
   */
  signalForOperation(patience: 'short' | 'endless' = 'short'): AbortSignal {
    this.#canStopCleanly = true;
    if (patience === 'endless') this.#patienceMs = Number.POSITIVE_INFINITY;
    return this.#controller.signal;
  }

  /** Why the operation was told to stop, if it was. */
  get abortReason(): unknown {
    return this.#controller.signal.aborted ? this.#controller.signal.reason : undefined;
  }

  abort(reason: Error): void {
    this.#controller.abort(reason);
  }

  #receive(reason: Interrupted): void {
    if (this.#canStopCleanly && !this.#controller.signal.aborted) {
      this.#hooks.onStopping();
      this.#controller.abort(reason);
      if (Number.isFinite(this.#patienceMs)) {
        setTimeout(() => {
          this.#hooks.onImpatience();
          this.#end(reason);
        }, this.#patienceMs).unref();
      }
      return;
    }
    this.#end(reason);
  }

  /** Whoever asks a shell sees 128 and the signal's number, as after a clean stop. */
  #end(reason: Interrupted): void {
    this.#hooks.onExit(reason);
    process.removeAllListeners(reason.signal);
    process.kill(process.pid, reason.signal);
  }
}
