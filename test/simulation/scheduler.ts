/**
 * Decides, again and again, who goes next and what goes wrong. One step is one I/O request, one waking up, one start of an
 * operation, or one fault; between two steps everybody has gone as far as they can without I/O.
 */
import { asStoreError } from '../../src/objects/folder-errors.js';
import type { Coverage } from './coverage.js';
import type { VirtualClock } from './environment.js';
import type { Faults } from './faults.js';
import type { Place } from './place.js';
import { type Request, SimulatedProcess } from './processes.js';
import type { Random } from './random.js';
import type { Scenario } from './scenario.js';
import { systemError } from './simulated-store.js';
import type { Trace } from './trace.js';
import { Violation } from './violation.js';

const DAY_MS = 24 * 3600 * 1000;
/** After that long without a beat a lease counts as left behind. */
const TIME_OUT_MS = 60_000;
/** Chances to go next, beside 1 of a process that waits for I/O. A gc has far more to do than others have. */
const GC_WEIGHT = 2;
const IDLE_WEIGHT = 0.4;
const ASLEEP_WEIGHT = 0.15;
const LATE_WEIGHT = 0.12;
/** For so many steps a process stands still that nobody lies in wait for. */
const SUSPENSION_STEPS = [30, 100, 300, 1000];

export class Scheduler {
  step = 0;
  crashes = 0;
  readonly processes: SimulatedProcess[] = [];
  #last: SimulatedProcess | undefined;
  #fullUntil = 0;
  #generation = 0;

  constructor(
    private readonly scenario: Scenario,
    private readonly place: Place,
    private readonly clock: VirtualClock,
    private readonly faults: Faults,
    private readonly random: Random,
    private readonly trace: Trace,
    private readonly start: (process: SimulatedProcess) => void,
    /** A machine lost power, and its processes are gone. */
    private readonly onPowerFailure: (host: number) => void,
    private readonly coverage: Coverage,
  ) {
    for (let host = 0; host < scenario.hosts; host++)
      for (let slot = 0; slot < scenario.processesPerHost; slot++)
        this.processes.push(new SimulatedProcess(host, slot, this.#generation++));
  }

  /** @throws Violation */
  takeStep(): void {
    this.step++;
    this.clock.nowMs += this.random.pick([0, 1, 2, 5, 20]);
    this.#wakeSuspended();
    if (this.#disturb()) return;
    const process = this.#choose();
    if (process === undefined) return;
    this.#last = process === 'late' ? undefined : process;
    if (process === 'late') this.#arriveLate();
    else if (process.requests.length > 0) {
      if (!this.#ambush(process)) this.#serve(process);
    } else if (process.sleepers.length > 0) this.#wake(process);
    else this.start(process);
  }

  #note(who: string, operation: string, verb: string, key: string, outcome: string): void {
    this.trace.add(() => ({ step: this.step, timeMs: this.clock.nowMs, who, operation, verb, key, outcome }));
  }

  #wakeSuspended(): void {
    for (const process of this.processes) {
      if (process.suspension === undefined || process.suspension.untilStep > this.step) continue;
      process.suspension = undefined;
      this.#note(process.name, operationOf(process), 'resume', '', '');
    }
  }

  #choose(): SimulatedProcess | 'late' | undefined {
    const last = this.#last;
    if (last?.runs && last.requests.length > 0 && this.random.chance(this.scenario.stickiness)) return last;
    const weights = this.processes.map((process) => this.#weightOf(process));
    const late = this.place.late.length > 0 ? LATE_WEIGHT : 0;
    let rest = this.random.next() * weights.reduce((sum, weight) => sum + weight, late);
    for (const [i, weight] of weights.entries()) {
      rest -= weight;
      if (rest < 0) return this.processes[i]!;
    }
    return late > 0 ? 'late' : undefined;
  }

  #weightOf(process: SimulatedProcess): number {
    if (!process.runs) return 0;
    if (process.requests.length > 0) return process.operation?.kind === 'gc' ? GC_WEIGHT : 1;
    if (process.sleepers.length === 0) return process.operation === undefined ? IDLE_WEIGHT : 0;
    return process.sleepers.some(({ untilMs }) => untilMs <= this.clock.nowMs) ? 1 : ASLEEP_WEIGHT;
  }

  #serve(process: SimulatedProcess): void {
    const { requests } = process;
    const [request] = requests.splice(requests.length === 1 ? 0 : this.random.below(requests.length), 1);
    const fault = this.#faultOf(request!);
    if (request!.kind === 'name') process.lastNamed = `${request!.verb} ${request!.key}`;
    if (fault === undefined) {
      this.#carryOut(request!, operationOf(process), false);
      return;
    }
    if (process.operation !== undefined) process.operation.disturbed = true;
    this.#note(process.name, operationOf(process), request!.verb, request!.key, fault.outcome);
    request!.reject(asStoreError(systemError(fault.error), request!.key, whatFailed(request!)));
  }

  /** What goes wrong with a request, and what has become of it all the same. */
  #faultOf(request: Request): { error: 'EIO' | 'ENOSPC' | 'ETIMEDOUT'; outcome: string } | undefined {
    const { kind } = request;
    if (this.faults.hits('io-error')) return { error: 'EIO', outcome: 'EIO' };
    const needsSpace = kind === 'append' || kind === 'name';
    if (needsSpace && this.step < this.#fullUntil) return { error: 'ENOSPC', outcome: 'ENOSPC' };
    if (kind !== 'name' && kind !== 'unlink') return undefined;
    if (this.place.isRemote && this.faults.hits('delay')) {
      this.place.late.push(request);
      return { error: 'ETIMEDOUT', outcome: 'timed out, still on its way' };
    }
    if (!this.faults.hits('lost-reply')) return undefined;
    const arrived = this.faults.details('lost-reply').chance(0.6);
    if (arrived) this.#carryOut(request, operationOf(request.process), true);
    return { error: 'ETIMEDOUT', outcome: arrived ? 'its reply is lost' : 'lost on its way' };
  }

  /** @param late nobody gets the answer */
  #carryOut(request: Request, operation: string, late: boolean): void {
    const tell = (outcome: string) =>
      this.#note(request.process.name, operation, request.verb, request.key, outcome);
    try {
      const value = request.effect(late);
      this.coverage.note(request, value);
      if (!late) request.resolve(value);
      tell(typeof value === 'boolean' ? String(value) : '');
    } catch (error) {
      tell(error instanceof Violation ? `breaks ${error.rule}` : String(error));
      if (error instanceof Violation) throw error;
      if (!late) request.reject(error);
    }
  }

  #wake(process: SimulatedProcess): void {
    const first = process.sleepers.reduce((a, b) => (b.untilMs < a.untilMs ? b : a));
    process.sleepers.splice(process.sleepers.indexOf(first), 1);
    this.clock.nowMs = Math.max(this.clock.nowMs, first.untilMs);
    this.#note(process.name, operationOf(process), 'wake', '', '');
    first.wake();
  }

  #arriveLate(): void {
    const { late } = this.place;
    const [request] = late.splice(this.random.below(late.length), 1);
    this.#carryOut(request!, 'late', true);
  }

  /** @returns whether this step was spent on it */
  #disturb(): boolean {
    const { faults } = this;
    if (faults.hits('crash')) return this.#crashOne();
    if (faults.hits('power')) return this.#failPower();
    if (faults.hits('suspend')) return this.#suspend();
    if (faults.hits('clock')) {
      const random = faults.details('clock');
      const host = random.below(this.scenario.hosts);
      const days = random.below(41) - 20;
      this.clock.stepWall(host, days * DAY_MS);
      this.#note(`host ${host}`, '', 'clock', '', `steps by ${days} days`);
    }
    if (faults.hits('no-space')) this.#fullUntil = this.step + 20 + faults.details('no-space').below(60);
    return false;
  }

  #crashOne(): boolean {
    const busy = this.processes.filter(({ operation }) => operation !== undefined);
    if (busy.length === 0) return false;
    this.#kill(this.faults.details('crash').pick(busy), 'crash');
    return true;
  }

  #kill(process: SimulatedProcess, how: 'crash' | 'power'): void {
    const random = this.faults.details(how);
    this.#note(process.name, operationOf(process), how, '', '');
    this.crashes++;
    process.alive = false;
    for (const request of process.requests.splice(0)) {
      if (request.kind !== 'name' && request.kind !== 'unlink') continue;
      if (this.place.isRemote && random.chance(0.4)) this.place.late.push(request);
      else if (random.chance(0.3)) this.#carryOut(request, 'dying', true);
    }
    this.place.forget(process);
    const next = new SimulatedProcess(process.host, process.slot, this.#generation++);
    this.processes[this.processes.indexOf(process)] = next;
  }

  #failPower(): boolean {
    const host = this.faults.details('power').below(this.scenario.hosts);
    for (const process of [...this.processes]) if (process.host === host) this.#kill(process, 'power');
    this.coverage.add('power failures');
    this.onPowerFailure(host);
    return true;
  }

  #suspend(): boolean {
    const random = this.faults.details('suspend');
    const running = this.processes.filter(({ runs, operation }) => runs && operation !== undefined);
    if (running.length === 0) return false;
    return this.#standStill(random.pick(running), random, SUSPENSION_STEPS, 0.5);
  }

  #ambush(process: SimulatedProcess): boolean {
    const [request] = process.requests;
    const { at, steps, deadShare } = this.scenario.ambush;
    if (request === undefined || request === process.ambushed) return false;
    const moment = `${process.operation?.kind} ${request.verb} ${request.key} after ${process.lastNamed}`;
    if (!at.test(moment)) return false;
    if (!this.faults.hits('ambush')) return false;
    process.ambushed = request;
    return this.#standStill(process, this.faults.details('ambush'), steps, deadShare);
  }

  /** @returns false when nobody would be left to go on */
  #standStill(
    process: SimulatedProcess,
    random: Random,
    steps: readonly number[],
    deadShare: number,
  ): boolean {
    if (this.processes.filter(({ runs }) => runs).length < 2) return false;
    const looksDead = this.place.isRemote && random.chance(deadShare);
    process.suspension = { untilStep: this.step + random.pick(steps), looksDead };
    this.clock.nowMs += looksDead ? TIME_OUT_MS : 0;
    this.#note(process.name, operationOf(process), 'suspend', '', looksDead ? 'its time-out has passed' : '');
    return true;
  }
}

function whatFailed({ kind }: Request): string {
  if (kind === 'list') return 'Cannot list';
  return kind === 'read' ? 'Cannot read' : kind === 'lock' ? 'Cannot lock' : 'Cannot write';
}

export function operationOf({ operation }: SimulatedProcess): string {
  return operation === undefined ? '' : `${operation.number} ${operation.kind}`;
}
