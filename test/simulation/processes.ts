/** Processes of the simulation: what each of them waits for, and whether it lives. */
import type { Engine } from '../../src/engine/engine.js';
import { Random } from './random.js';
import type { OperationKind } from './scenario.js';

/** What a request does to the place it goes to; decides what may go wrong with it. */
export type StepKind = 'read' | 'list' | 'append' | 'name' | 'unlink' | 'sync' | 'lock';

/** One I/O step that somebody waits for. */
export interface Request {
  readonly process: SimulatedProcess;
  readonly verb: string;
  readonly key: string;
  readonly kind: StepKind;
  /** @param late its sender waits for it no longer */
  readonly effect: (late: boolean) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface Sleeper {
  readonly untilMs: number;
  readonly wake: () => void;
}

export interface RunningOperation {
  readonly number: number;
  readonly kind: OperationKind;
  readonly startedStep: number;
  /** Something failed that the operation could not know of: it may fail, too. */
  disturbed: boolean;
}

export interface Suspension {
  readonly untilStep: number;
  /** A time-out has passed: whoever asks whether its leases are held is told no. */
  readonly looksDead: boolean;
}

export class SimulatedProcess {
  alive = true;
  suspension: Suspension | undefined;
  operation: RunningOperation | undefined;
  /** It stood still before this request once. */
  ambushed: Request | undefined;
  /** Verb and key of its last request that gave something a name. */
  lastNamed = '';
  engine: Engine | undefined;
  /** Randomness of the operation that it runs. */
  environmentRandom = new Random('idle');
  readonly requests: Request[] = [];
  readonly sleepers: Sleeper[] = [];

  constructor(
    readonly host: number,
    readonly slot: number,
    readonly generation: number,
  ) {}

  get name(): string {
    return `h${this.host}p${this.slot}.${this.generation}`;
  }

  get runs(): boolean {
    return this.alive && this.suspension === undefined;
  }

  /** Waits for the place to do something. A dead process waits for ever. */
  request<T>(verb: string, key: string, kind: StepKind, effect: (late: boolean) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!this.alive) return;
      const answer = resolve as (value: unknown) => void;
      this.requests.push({ process: this, verb, key, kind, effect, resolve: answer, reject });
    });
  }
}
