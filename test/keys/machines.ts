/** A store in a folder with its owner and machines that may only write, each with a home of its own; and a thief of a key. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { MemoryIndex } from '../../src/chunk-index/memory-index.js';
import type { Keyring } from '../../src/encryption/keyring.js';
import { Vault } from '../../src/encryption/vault.js';
import { readConfig } from '../../src/engine/config-records.js';
import { Engine } from '../../src/engine/engine.js';
import { systemEnvironment } from '../../src/environment.js';
import type { Store, Warning } from '../../src/index.js';
import { decodeSlotSecret } from '../../src/keys/slot-secret.js';
import { openVault, ownersConfigs } from '../../src/keys/unlock.js';
import { FolderStore } from '../../src/objects/folder-store.js';
import { SealedStore } from '../../src/objects/sealed-store.js';
import { inlineWorkers } from '../../src/workers/inline-workers.js';
import { toHex } from '../../store-format/index.js';
import { library } from '../support/library-store.js';
import { folderFor } from '../support/machine.js';

const environment = systemEnvironment();

export class SharedStore {
  readonly warnings: Warning[] = [];
  readonly #keys = new Map<string, string>();

  private constructor(
    private readonly t: ExecutionContext,
    readonly folder: string,
  ) {}

  static async make(t: ExecutionContext): Promise<SharedStore> {
    const shared = new SharedStore(t, folderFor(t));
    const onKey = shared.#keep('owner');
    await library.initStore(shared.location, {
      encrypt: { onKey },
      stateFolder: shared.#home('owner').state,
    });
    return shared;
  }

  get location(): string {
    return join(this.folder, 'store');
  }

  #keep(who: string): (text: string) => Promise<void> {
    return async (text) => {
      this.#keys.set(who, text);
    };
  }

  #home(who: string) {
    return { state: join(this.folder, who, 'state'), cache: join(this.folder, who, 'cache') };
  }

  /** What a machine keeps of its own work: a folder. */
  ownWork(who: string): string {
    const { storeId, slot } = decodeSlotSecret(this.keyOf(who));
    return join(this.#home(who).state, toHex(storeId), toHex(slot));
  }

  keyOf(who: string): string {
    return this.#keys.get(who)!;
  }

  /** A process of somebody's. */
  async open(who: string): Promise<Store> {
    const { state, cache } = this.#home(who);
    const store = await library.openStore(this.location, {
      stateFolder: state,
      cacheFolder: cache,
      parallelism: 1,
      onWarning: (warning) => this.warnings.push(warning),
      unlock: async () => ({ kind: 'key', text: this.keyOf(who) }),
    });
    this.t.teardown(() => store.close());
    return store;
  }

  owner(): Promise<Store> {
    return this.open('owner');
  }

  async addMachine(who: string, names: readonly string[]): Promise<void> {
    await (await this.owner()).keys!.add({ label: who, onKey: this.#keep(who), writeOnly: { names } });
  }

  /** The place, with its objects as they stand there. */
  place(): Promise<FolderStore> {
    return FolderStore.open(this.location, toHex(environment.random(8)));
  }

  /**
   * Objects as somebody with a key can make and open them who does not obey: a stolen keyring is what the thief says it is.
   *
   * @param lie what the thief makes of the keyring
   */
  async objects(
    who: string,
    lie: (keyring: Keyring) => Keyring = (keyring) => keyring,
  ): Promise<SealedStore> {
    const place = await this.place();
    const secret = decodeSlotSecret(this.keyOf(who));
    const { config } = await readConfig(ownersConfigs(place, secret));
    const { keyring } = openVault(config, secret, environment.random);
    return new SealedStore(place, new Vault(lie(keyring), environment.random));
  }

  /** A thief's process. */
  async thief(who: string, lie?: (keyring: Keyring) => Keyring): Promise<Engine> {
    const objects = await this.objects(who, lie);
    const { config } = await readConfig(objects);
    const close = async () => {};
    const slot = { index: new MemoryIndex(), damage: undefined, laterDamage: () => undefined, close };
    const warn = (warning: Warning) => this.warnings.push(warning);
    const openIndex = async () => slot;
    return new Engine({ objects, environment, config, workers: inlineWorkers(), openIndex, warn });
  }

  /** The same store, and its keys, elsewhere. */
  copy(): SharedStore {
    const copy = new SharedStore(this.t, folderFor(this.t));
    cpSync(this.location, copy.location, { recursive: true, preserveTimestamps: true });
    for (const [who, key] of this.#keys) copy.#keys.set(who, key);
    return copy;
  }
}

/** Somebody who takes a keyring that may only write for one that may do all: it lacks the keys, not the will. */
export function asIfFull(keyring: Keyring): Keyring {
  return { ...keyring, access: 'full' };
}

/** Somebody who gives itself all names. */
export function underAllNames(keyring: Keyring): Keyring {
  return { ...keyring, writers: keyring.writers.map((writer) => ({ ...writer, names: ['*'] })) };
}
