/** Makes stores and opens them: binds the engine to a folder, threads, the system's clock and randomness. */
import { type Config, SEGMENT_BYTES, storeFolders, toHex } from '../../store-format/index.js';
import { acquireSlot } from '../chunk-index/slots.js';
import {
  checkChunker,
  type ReadConfig,
  readConfig,
  SEALED,
  writeFirstConfig,
} from '../engine/config-records.js';
import { Engine } from '../engine/engine.js';
import { parseSetting } from '../engine/settings.js';
import { storeInfo } from '../engine/store-info.js';
import { type Environment, systemEnvironment } from '../environment.js';
import { StoreError } from '../errors.js';
import type {
  InitOptions,
  LockedStore,
  OpenOptions,
  OpenOtherOptions,
  Store,
  StoreInfo,
  Warning,
} from '../interface.js';
import { ClientMemory } from '../memory/client-memory.js';
import { FolderStore } from '../objects/folder-store.js';
import type { ObjectStore } from '../objects/object-store.js';
import { defaultParallelism } from '../workers/default-parallelism.js';
import type { Workers } from '../workers/jobs.js';
import { WorkerPool } from '../workers/pool.js';
import { sharedWorkers } from '../workers/shared-workers.js';
import { FolderBackedStore } from './folder-backed-store.js';
import { checkIsFree, checkIsStore, indexFolderOf, makePrivate } from './store-location.js';
import type { Unlocked } from './with-keys.js';

/**
 * Opens a store in a local folder.
 *
 * @throws StoreError store-missing, not-a-store, unsupported-format, unsupported-feature, object-damaged, key-needed,
 *   key-wrong, bad-key, rolled-back
 */
export async function openStore(location: string, options: OpenOptions = {}): Promise<Store> {
  const workers = new WorkerPool(parallelismOf(options));
  const { engine, indexFolder, secret } = await openEngine(location, options, workers);
  // What is said of this store's keys holds for another where nothing else is said; but that one may have none.
  const { requireKeys: _, trust: __, ...forOther } = options;
  const shared = sharedWorkers(workers);
  const openOther = async (other: string, own: OpenOtherOptions = {}) =>
    (await openEngine(other, { ...forOther, ...own }, shared)).engine;
  const keys = secret && (await withKeys()).openKeys(engine, secret);
  return new FolderBackedStore(engine, indexFolder, openOther, keys);
}

function parallelismOf(options: OpenOptions): number {
  const parallelism = options.parallelism ?? defaultParallelism();
  if (Number.isInteger(parallelism) && parallelism >= 1) return parallelism;
  throw new TypeError('parallelism must be a positive integer');
}

async function openEngine(location: string, options: OpenOptions, workers: Workers) {
  await checkIsStore(location);
  const environment = systemEnvironment(options.command);
  const place = await FolderStore.open(location, toHex(environment.random(8)));
  const { objects, config, damage, secret, images, ownWork } = await unlocked(place, options, environment);
  if (damage !== undefined) options.onWarning?.({ code: warningCodeOf(damage), message: damage.message });
  // An index tells ids, and which packs hold them: what is sealed has it where the user's own files are.
  const isPrivate = objects.vault !== undefined || objects.readOnly;
  const indexFolder = indexFolderOf(location, isPrivate, config.storeId, options.cacheFolder);
  const engine = new Engine({
    objects,
    environment,
    config,
    configDamage: damage,
    memory: images,
    ownWork,
    workers,
    openIndex: async () => {
      if (isPrivate) await makePrivate(indexFolder);
      return acquireSlot(indexFolder);
    },
    warn: options.onWarning ?? (() => undefined),
  });
  return { engine, indexFolder, secret };
}

/** What is only about keys is loaded where a store has some. */
function withKeys(): Promise<typeof import('./with-keys.js')> {
  return import('./with-keys.js');
}

/**
 * The store's objects as they are without keys, and its config. A store that has lost its keys, or changed its owner, is
 * refused before anybody is asked for a passphrase.
 */
async function unlocked(
  place: ObjectStore,
  options: OpenOptions,
  environment: Environment,
): Promise<ReadConfig & Pick<Unlocked, 'objects'> & Partial<Unlocked>> {
  const { requireKeys, trust, stateFolder } = options;
  // What was seen before is asked for before the store is looked at.
  let memory = stateFolder === false ? undefined : await ClientMemory.recall(stateFolder, place.location);
  const found = await readConfig(place);
  if (trust) memory = await memory?.forget(found.config.storeId);
  memory?.requireSame(found.config);
  const { encryption } = found.config;
  if (encryption !== undefined)
    return (await withKeys()).openWithKeys(
      place,
      { ...found.config, encryption },
      memory,
      options,
      environment,
    );
  if (requireKeys) throw hasNoKeys(place.location);
  return { objects: place, ...found };
}

function warningCodeOf({ code }: StoreError): Warning['code'] {
  return code === 'rolled-back' ? code : 'object-skipped';
}

/**
 * What can be said of a store without opening it: which it is, and which slots open it. Nobody vouches for it.
 *
 * @throws StoreError store-missing, not-a-store, unsupported-format, object-damaged
 */
export async function identifyStore(location: string): Promise<LockedStore> {
  await checkIsStore(location);
  const place = await FolderStore.open(location, toHex(systemEnvironment().random(8)));
  const { storeId, encryption } = (await readConfig(place)).config;
  return { id: storeId, location, slots: Object.keys(encryption?.grants ?? {}) };
}

/**
 * Makes a new store in a folder that is empty or does not exist.
 *
 * @throws StoreError store-exists, bad-setting, no-space, store-read-only
 */
export async function initStore(location: string, options: InitOptions = {}): Promise<StoreInfo> {
  await checkIsFree(location);
  const environment = systemEnvironment();
  const storeId = environment.random(16);
  const keys = options.encrypt && (await (await withKeys()).newKeys(environment, storeId, options.encrypt));
  const flags = keys === undefined ? [] : [SEALED];
  const config: Config = {
    storeId: toHex(storeId),
    createdMs: environment.now(),
    features: { read: flags, write: flags, collect: flags },
    hash: 'blake3',
    chunker: checkChunker({
      algorithm: keys === undefined ? 'fastcdc' : 'fastcdc-keyed',
      minBytes: options.minChunkBytes ?? DEFAULT_CHUNKS.minBytes,
      averageBytes: options.averageChunkBytes ?? DEFAULT_CHUNKS.averageBytes,
      maxBytes: options.maxChunkBytes ?? DEFAULT_CHUNKS.maxBytes,
      holeBlocks: DEFAULT_CHUNKS.holeBlocks,
      ...(keys === undefined && { gearSeed: '0'.repeat(64) }),
    }),
    segmentBytes: SEGMENT_BYTES,
    settings:
      options.level === undefined ? {} : { level: parseSetting('level', String(options.level)).value },
    ...(keys && { encryption: keys.encryption }),
  };
  await FolderStore.create(location, storeFolders());
  const place = await FolderStore.open(location, toHex(environment.random(8)));
  if (place.readOnly) {
    throw new StoreError('store-read-only', `${location} cannot be written`, { store: location });
  }
  const objects = keys === undefined ? place : await (await withKeys()).initWithKeys(place, keys);
  await writeFirstConfig(objects, config);
  if (options.stateFolder !== false) {
    const memory = await (await ClientMemory.recall(options.stateFolder, location)).forget();
    if (keys !== undefined) await memory.judgeConfig(place, config, false);
  }
  return storeInfo(objects, config);
}

function hasNoKeys(location: string): StoreError {
  return new StoreError(
    'key-wrong',
    `A key was given, and store ${location} has none: if it had keys before, somebody has swapped its config, and nothing should be stored in it; if it never had, leave the key out`,
    { store: location },
  );
}

/** Measured on real disks (ARCHITECTURE.md): 8 KiB saves 3 % of data for twice the ids, 64 KiB loses 13 %. */
const DEFAULT_CHUNKS = {
  minBytes: 4 * 1024,
  averageBytes: 16 * 1024,
  maxBytes: 64 * 1024,
  holeBlocks: 1,
} as const;
