/**
 * One seed: the real engine over a simulated place, on simulated machines, with everything that may go wrong, until
 * the steps are up or something is wrong that must never be.
 */
import { setImmediate as quiet } from 'node:timers/promises';
import { StoreError } from '../../src/errors.js';
import { blake3 } from '../../src/hashing/blake3.js';
import { type Config, configKey, encodeRecord, type PackId } from '../../store-format/index.js';
import { type Counts, Coverage } from './coverage.js';
import { Decay } from './decay.js';
import { DiskPool } from './disk-pool.js';
import { simulatedEnvironment, VirtualClock } from './environment.js';
import { type FaultKind, Faults } from './faults.js';
import { type Focus, focused } from './focus.js';
import { Ledger } from './ledger.js';
import { Machines } from './machines.js';
import { Model } from './model.js';
import { Opener } from './opener.js';
import { chooseOperation, OPERATIONS } from './operations.js';
import { Place } from './place.js';
import type { Plant } from './plants.js';
import type { SimulatedProcess } from './processes.js';
import { Random } from './random.js';
import { ReadingCheck } from './reading-check.js';
import { type OperationKind, type Scenario, scenarioOf } from './scenario.js';
import { operationOf, Scheduler } from './scheduler.js';
import { SimulatedKeys } from './simulated-keys.js';
import { Storage } from './storage.js';
import { Trace, type TraceLine } from './trace.js';
import { Violation } from './violation.js';

/** Steps between two times that all images are read. */
const CHECK_EVERY = 100;
/** And between two times that something may decay. */
const DECAY_EVERY = 20;
/** Without a wish, one seed of so many is a store with keys. */
const KEYS_EVERY = 3;
const NONE: ReadonlySet<never> = new Set();

export interface RunOptions {
  readonly seed: number;
  readonly steps: number;
  /** Whether the store has keys; by default the seed decides. */
  readonly keys?: boolean | undefined;
  readonly faultsOff?: ReadonlySet<FaultKind>;
  readonly operationsOff?: ReadonlySet<OperationKind>;
  /** Numbers of operations that are not run. */
  readonly skipped?: ReadonlySet<number>;
  readonly plant?: Plant;
  readonly focus?: Focus;
  readonly trace?: boolean;
}

export interface RunResult {
  readonly seed: number;
  readonly steps: number;
  /** Whether the store had keys. */
  readonly keys: boolean;
  readonly crashes: number;
  readonly violation?: Violation;
  /** Operations that were started, and those that succeeded, by kind. */
  readonly started: ReadonlyMap<OperationKind, number>;
  readonly succeeded: ReadonlyMap<OperationKind, number>;
  /** Codes of errors that operations ended with. */
  readonly errors: ReadonlyMap<string, number>;
  readonly imagesRead: number;
  /** How often what matters happened. */
  readonly coverage: Counts;
  readonly trace: readonly TraceLine[];
}

export async function simulate(options: RunOptions): Promise<RunResult> {
  const { seed, focus = {}, keys: hasKeys = seed % KEYS_EVERY === 0 } = options;
  const chosen = focused(scenarioOf(seed), focus);
  const clock = new VirtualClock();
  const keys = hasKeys ? await SimulatedKeys.make(seed, chosen, clock.nowMs) : undefined;
  const rotate = options.focus === undefined ? (keys?.rotations ?? 0) : 0;
  const scenario = { ...chosen, weights: { ...chosen.weights, rotate } };
  return new Simulation(options, scenario, clock, keys).run();
}

class Simulation {
  readonly #faults: Faults;
  readonly #place: Place;
  readonly #model: Model;
  readonly #decay: Decay;
  readonly #disks: DiskPool;
  readonly #coverage = new Coverage();
  readonly #ledger = new Ledger();
  readonly #trace: Trace;
  readonly #scheduler: Scheduler;
  readonly #reading: ReadingCheck;
  readonly #machines: Machines;
  readonly #started = new Map<OperationKind, number>();
  readonly #succeeded = new Map<OperationKind, number>();
  readonly #errors = new Map<string, number>();
  #operations = 0;
  #violation: Violation | undefined;
  #recovered = false;

  constructor(
    private readonly options: RunOptions,
    private readonly scenario: Scenario,
    private readonly clock: VirtualClock,
    private readonly keys: SimulatedKeys | undefined,
  ) {
    const { seed, faultsOff = NONE, focus = {} } = options;
    this.#disks = new DiskPool(this.scenario.disks);
    this.#faults = new Faults(`${seed}`, faultsOff, focus.rates);
    const { place, listDelayMs, config } = this.scenario;
    const isRemote = place === 'remote';
    const nowMs = () => this.clock.nowMs;
    const storage = new Storage(isRemote, nowMs);
    const lagMs = this.#faults.hits('late-listing') ? listDelayMs : 0;
    this.#place = new Place(storage, isRemote, lagMs, new Random(`${seed} listings`), nowMs);
    this.#model = new Model(storage, () => this.#scheduler.step, new Opener(keys));
    this.#machines = new Machines(seed, this.#place, clock, this.#faults, keys, options.plant);
    this.#decay = new Decay(this.#place, this.#model, this.#faults, (what, pack) =>
      this.#decayed(what, pack),
    );
    this.#trace = new Trace(options.trace ?? false);
    this.#scheduler = new Scheduler(
      this.scenario,
      this.#place,
      this.clock,
      this.#faults,
      new Random(`${seed} schedule`),
      this.#trace,
      (process) => this.#startOperation(process),
      (host) => this.#recover(host),
      this.#coverage,
    );
    const environment = simulatedEnvironment(this.#scheduler.processes[0]!, this.clock, () => new Random(''));
    const opened = keys ?? { config, vault: undefined };
    const { workers } = this.#machines;
    this.#reading = new ReadingCheck(storage, this.#ledger, this.#model, opened, workers, environment);
    for (const [key, bytes] of keys?.records ?? [firstConfig(config)]) {
      storage.link(key, { bytes, synced: true, modifiedMs: nowMs() }, 'init');
      storage.syncFolderOf(key);
    }
    this.clock.nowMs += listDelayMs; // the store was made a while ago
    storage.observer = this.#model;
  }

  async run(): Promise<RunResult> {
    try {
      while (this.#scheduler.step < this.options.steps && this.#violation === undefined) await this.#step();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#violation ??= error;
    }
    const { step: steps, crashes } = this.#scheduler;
    return {
      seed: this.options.seed,
      steps,
      keys: this.keys !== undefined,
      crashes,
      ...(this.#violation === undefined ? {} : { violation: this.#violation }),
      started: this.#started,
      succeeded: this.#succeeded,
      errors: this.#errors,
      imagesRead: this.#reading.imagesRead,
      coverage: this.#coverage.counts,
      trace: this.#trace.lines,
    };
  }

  async #step(): Promise<void> {
    this.#scheduler.takeStep();
    await quiet(); // everything here runs in microtasks: all have gone as far as they can
    const { step, processes } = this.#scheduler;
    if (step % CHECK_EVERY === 0 || this.#recovered) {
      this.#recovered = false;
      await this.#reading.readAll();
    }
    if (step % DECAY_EVERY === 0) this.#decay.go(processes);
  }

  #decayed(what: 'rot' | 'vandal', pack: PackId): void {
    this.#coverage.add(what === 'rot' ? 'packs rotted' : 'packs vanished');
    const common = { step: this.#scheduler.step, timeMs: this.clock.nowMs, who: '', operation: '' };
    this.#trace.add(() => ({ ...common, verb: what, key: pack, outcome: '' }));
  }

  #recover(host: number): void {
    if (!this.#place.isRemote) {
      this.#place.storage.failPower(this.#faults.details('power'));
      for (const begun of this.#place.uploads)
        if (this.#faults.details('power').chance(0.5)) this.#place.uploads.delete(begun);
      this.#model.lookAgain();
    }
    this.#machines.recover(host);
    this.#recovered = true;
  }

  #startOperation(process: SimulatedProcess): void {
    const { seed, operationsOff = NONE, skipped = NONE } = this.options;
    const number = this.#operations++;
    const random = new Random(`${seed} operation ${number}`);
    const collecting = this.#scheduler.processes.some(
      (other) => other.operation?.kind === 'gc' && other.suspension?.looksDead !== true,
    );
    const kind = chooseOperation(random, this.scenario, operationsOff, {
      collecting,
      isWriteOnly: this.keys?.isWriteOnly(process) ?? false,
      liveImages: this.#ledger.count(({ pub }) => this.#model.isLive(pub)),
    });
    if (skipped.has(number)) return;
    const { step } = this.#scheduler;
    const operation = { number, kind, startedStep: step, disturbed: false };
    process.operation = operation;
    count(this.#started, kind);
    this.#tell(process, 'begin', '');
    const chance = new Random(`${seed} ids ${number}`);
    process.environmentRandom = chance;
    void this.#operate(process, random).then(
      () => this.#end(process, undefined),
      (error: unknown) => this.#end(process, error),
    );
  }

  async #operate(process: SimulatedProcess, random: Random): Promise<void> {
    const operation = process.operation!;
    if (!random.chance(this.scenario.engineReuse)) process.engine = undefined;
    process.engine ??= await this.#machines.open(process, this.#operations);
    const { engine } = process;
    await OPERATIONS[operation.kind]({
      engine,
      random,
      ledger: this.#ledger,
      disks: this.#disks,
      model: this.#model,
      scenario: this.scenario,
      operation,
      nowMs: () => this.clock.nowMs,
      dropIndex: async () => {
        this.#machines.dropIndex(process);
        await process.engine?.closeIndex();
      },
      rotateKeys: async () => {
        const { engine } = process;
        process.engine = undefined; // it was opened with keys that are not in force any more
        await this.keys!.rotate(engine!, process);
      },
      hasCurrentKeys: () => this.keys?.hasCurrentKeys(engine.objects) ?? true,
    });
  }

  #end(process: SimulatedProcess, error: unknown): void {
    if (!process.alive) return;
    const { kind } = process.operation!;
    const isWriteOnly = this.keys?.isWriteOnly(process) ?? false;
    this.#coverage.ended(kind, error === undefined, isWriteOnly);
    if (error === undefined && isWriteOnly && kind === 'gc')
      this.#violation ??= new Violation('keys', 'A machine that may only write collected');
    if (error === undefined) count(this.#succeeded, kind);
    else {
      process.engine = undefined;
      if (error instanceof Violation) this.#violation ??= error;
      else if (error instanceof StoreError) count(this.#errors, `${kind} ${error.code}`);
      else this.#violation ??= new Violation('unexpected', unexpected(kind, error));
    }
    this.#tell(process, 'end', error === undefined ? 'succeeded' : String(error));
    process.operation = undefined;
  }

  #tell(process: SimulatedProcess, verb: string, outcome: string): void {
    const { step } = this.#scheduler;
    const line = { step, timeMs: this.clock.nowMs, who: process.name, operation: operationOf(process) };
    this.#trace.add(() => ({ ...line, verb, key: '', outcome }));
  }
}

function firstConfig(config: Config): readonly [key: string, bytes: Buffer] {
  const key = configKey(1);
  return [key, encodeRecord('config', key, config, blake3)];
}

function unexpected(kind: OperationKind, error: unknown): string {
  return `${kind} threw what is no StoreError: ${error instanceof Error ? error.stack : String(error)}`;
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
