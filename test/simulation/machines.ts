/** The simulated machines: how their processes open the store, and what their disks keep from one process to the next. */
import type { ChunkIndex } from '../../src/chunk-index/chunk-index.js';
import { MemoryIndex } from '../../src/chunk-index/memory-index.js';
import { readConfig } from '../../src/engine/config-records.js';
import { Engine } from '../../src/engine/engine.js';
import type { Environment } from '../../src/environment.js';
import type { ObjectStore } from '../../src/objects/object-store.js';
import { inlineWorkers } from '../../src/workers/inline-workers.js';
import { simulatedEnvironment, type VirtualClock } from './environment.js';
import type { Faults } from './faults.js';
import { LyingIndex } from './lying-index.js';
import type { Place } from './place.js';
import type { Plant } from './plants.js';
import type { SimulatedProcess } from './processes.js';
import { Random } from './random.js';
import type { SimulatedKeys } from './simulated-keys.js';
import { OwnFolder, SimulatedOwnWork } from './simulated-own-work.js';
import { SimulatedStore } from './simulated-store.js';

export class Machines {
  readonly workers = inlineWorkers();
  /** What a machine's disk keeps of each slot's index. */
  readonly #indexes = new Map<string, ChunkIndex>();
  /** What machines that may only write remember. */
  readonly #ownFolders = new Map<string, OwnFolder>();

  constructor(
    private readonly seed: number,
    private readonly place: Place,
    private readonly clock: VirtualClock,
    private readonly faults: Faults,
    private readonly keys: SimulatedKeys | undefined,
    private readonly plant: Plant | undefined,
  ) {}

  /** As a command opens a store. @param operations how many were started so far */
  async open(process: SimulatedProcess, operations: number): Promise<Engine> {
    const { place, plant } = this;
    const who = { process, place };
    const environment = this.#environmentOf(process);
    const opened = await this.#unlock(new SimulatedStore(place, process), process, environment);
    const objects = plant?.store?.(opened, who) ?? opened;
    const { config, damage } = await readConfig(objects);
    return new Engine({
      objects,
      environment,
      config,
      configDamage: damage,
      workers: plant?.workers?.(this.workers, who) ?? this.workers,
      ownWork: this.#ownWorkOf(objects, process, environment),
      openIndex: async () => {
        const index = this.#indexOf(process, operations);
        return {
          index: plant?.index?.(index, who) ?? index,
          damage: undefined,
          laterDamage: () => undefined,
          close: async () => {},
        };
      },
      warn: () => undefined,
    });
  }

  async #unlock(
    place: ObjectStore,
    process: SimulatedProcess,
    environment: Environment,
  ): Promise<ObjectStore> {
    return this.keys === undefined ? place : this.keys.unlock(place, process, environment);
  }

  #environmentOf(process: SimulatedProcess): Environment {
    return simulatedEnvironment(process, this.clock, () => process.environmentRandom);
  }

  #ownWorkOf(
    { vault }: ObjectStore,
    process: SimulatedProcess,
    environment: Environment,
  ): SimulatedOwnWork | undefined {
    if (vault === undefined || vault.canRead) return undefined;
    const name = slotOf(process);
    const folder = this.#ownFolders.get(name) ?? new OwnFolder();
    this.#ownFolders.set(name, folder);
    return new SimulatedOwnWork(folder, vault.keyring, (bytes) => environment.random(bytes));
  }

  #indexOf(process: SimulatedProcess, operations: number): ChunkIndex {
    const name = slotOf(process);
    if (this.faults.hits('index-loss')) this.#indexes.delete(name);
    let index = this.#indexes.get(name);
    if (index === undefined) {
      index = new MemoryIndex();
      const lies = new Random(`${this.seed} lies ${operations}`);
      if (this.faults.hits('index-lies')) index = new LyingIndex(index, lies);
      this.#indexes.set(name, index);
    }
    return index;
  }

  dropIndex(process: SimulatedProcess): void {
    this.#indexes.delete(slotOf(process));
  }

  /** A machine starts again after a power failure. */
  recover(host: number): void {
    for (const kept of [this.#indexes, this.#ownFolders])
      for (const name of kept.keys())
        if (name.startsWith(`${host}.`) && this.faults.details('power').chance(0.3)) kept.delete(name);
  }
}

function slotOf({ host, slot }: SimulatedProcess): string {
  return `${host}.${slot}`;
}
