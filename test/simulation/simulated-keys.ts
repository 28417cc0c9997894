/**
 * The keys of a simulated store, made by the real code before the simulation begins: two slots with full access, and in half the
 * seeds a machine that may only write. Which process has which follows from the seed and its place, so a process that starts again
 * has the key that it had.
 */
import { MemoryIndex } from '../../src/chunk-index/memory-index.js';
import type { Vault } from '../../src/encryption/vault.js';
import { readConfig, writeFirstConfig } from '../../src/engine/config-records.js';
import { Engine } from '../../src/engine/engine.js';
import type { Environment } from '../../src/environment.js';
import { blake3 } from '../../src/hashing/blake3.js';
import { decodeSlotSecret, type SlotSecret } from '../../src/keys/slot-secret.js';
import { OpenStoreKeys } from '../../src/keys/store-keys.js';
import { openVault, ownersConfigs } from '../../src/keys/unlock.js';
import type { ObjectStore } from '../../src/objects/object-store.js';
import { SealedStore } from '../../src/objects/sealed-store.js';
import { inlineWorkers } from '../../src/workers/inline-workers.js';
import { type Config, ConfigSchema, decodeEnvelope, decodePayload } from '../../store-format/index.js';
import { MemoryPlace, MemoryStore } from '../support/memory-store.js';
import { keyedConfig, makeFirstKey } from '../support/test-keys.js';
import type { SimulatedProcess } from './processes.js';
import { Random } from './random.js';
import type { Scenario } from './scenario.js';

/** The name that the machine that may only write publishes under. */
export const OWN_NAME = 'box';
const WRITE_ONLY_CHANCE = 0.5;
const ROTATIONS = [0, 0.3, 1];

export class SimulatedKeys {
  #config: Config;
  #vault: Vault;

  private constructor(
    /** Of config/, as they stand in the store at first. */
    readonly records: ReadonlyMap<string, Buffer>,
    private readonly full: readonly [SlotSecret, ...SlotSecret[]],
    private readonly writeOnly: SlotSecret | undefined,
    /** How often keys are rotated, beside other operations. */
    readonly rotations: number,
    private readonly scenario: Pick<Scenario, 'hosts' | 'processesPerHost'>,
  ) {
    [this.#config, this.#vault] = this.#opened([...records.values()].at(-1)!);
  }

  /** @param nowMs when the store is made */
  static async make(seed: number, scenario: Scenario, nowMs: number): Promise<SimulatedKeys> {
    const random = new Random(`${seed} keys`);
    const environment = environmentOf(random, nowMs);
    const place = new MemoryPlace();
    const { encryption, vault, secret } = await makeFirstKey(environment, scenario.config.storeId);
    const objects = new SealedStore(new MemoryStore(place), vault);
    const first = keyedConfig(scenario.config, encryption);
    await writeFirstConfig(objects, first);
    const keys = new OpenStoreKeys(engineOf(objects, first, environment), secret);
    const texts: string[] = [];
    const onKey = async (text: string) => void texts.push(text);
    await keys.add({ label: 'second', onKey });
    if (random.chance(WRITE_ONLY_CHANCE))
      await keys.add({ label: 'machine', onKey, writeOnly: { names: [OWN_NAME] } });
    const [second, writeOnly] = texts.map(decodeSlotSecret);
    const rotations = random.pick(ROTATIONS);
    return new SimulatedKeys(place.objects, [secret, second!], writeOnly, rotations, scenario);
  }

  /** What the newest config said that was ever there. */
  get config(): Config {
    return this.#config;
  }

  /** Opens all, and draws nothing: for who looks from outside. */
  get vault(): Vault {
    return this.#vault;
  }

  /** A config has got its name: its keys are in force, and must be there as long as the store is. */
  noteConfig(bytes: Buffer): void {
    [this.#config, this.#vault] = this.#opened(bytes);
  }

  #opened(bytes: Buffer): [Config, Vault] {
    const { body } = decodeEnvelope(bytes, 'config record', blake3);
    const config = decodePayload(body, ConfigSchema, 'config record');
    const draw = () => {
      throw new Error('Who only looks draws nothing');
    };
    return [config, openVault(config, this.full[0], draw)];
  }

  hasCurrentKeys({ vault }: ObjectStore): boolean {
    return vault?.keyring.generation === this.#vault.keyring.generation;
  }

  async rotate(engine: Engine, process: SimulatedProcess): Promise<void> {
    await new OpenStoreKeys(engine, this.#secretOf(process)).rotate();
  }

  /** The last process is the machine that may only write; the others have one of the keys with full access. */
  #secretOf({ host, slot }: SimulatedProcess): SlotSecret {
    const { hosts, processesPerHost } = this.scenario;
    const number = host * processesPerHost + slot;
    const isLast = number === hosts * processesPerHost - 1;
    return (isLast ? this.writeOnly : undefined) ?? this.full[number % this.full.length]!;
  }

  isWriteOnly(process: SimulatedProcess): boolean {
    return this.#secretOf(process) === this.writeOnly;
  }

  /** As a command opens the store. */
  unlock(place: ObjectStore, process: SimulatedProcess, environment: Environment): Promise<SealedStore> {
    return unlocked(place, this.#secretOf(process), (bytes) => environment.random(bytes));
  }
}

async function unlocked(
  place: ObjectStore,
  secret: SlotSecret,
  random: (bytes: number) => Uint8Array,
): Promise<SealedStore> {
  const { config } = await readConfig(ownersConfigs(place, secret));
  return new SealedStore(place, openVault(config, secret, random));
}

function environmentOf(random: Random, nowMs: number): Environment {
  return {
    now: () => nowMs,
    monotonic: () => 0,
    sleep: async () => {},
    random: (bytes) => random.bytes(bytes),
    host: 'host 0',
    pid: 0,
    command: 'init',
  };
}

function engineOf(objects: ObjectStore, config: Config, environment: Environment): Engine {
  const close = async () => {};
  return new Engine({
    objects,
    environment,
    config,
    workers: inlineWorkers(),
    openIndex: async () => ({
      index: new MemoryIndex(),
      damage: undefined,
      laterDamage: () => undefined,
      close,
    }),
    warn: () => undefined,
  });
}
