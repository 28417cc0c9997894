import * as v from 'valibot';
import {
  ChunkerParametersSchema,
  type Config,
  ConfigHeadSchema,
  ConfigSchema,
  configKey,
  encodeRecord,
  type StoredChunker,
} from '../../store-format/index.js';
import { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import { changeHighest, type RecordSource, readHighestReadable } from '../objects/numbered-records.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { Engine } from './engine.js';

/** The store's objects are sealed and signed (SPEC.md, section 17). */
export const SEALED = 'sealed';

/** Flags that this version knows, per set. A store that asks for another is refused. */
const KNOWN_FEATURES: Readonly<Record<keyof Config['features'], readonly string[]>> = {
  read: [SEALED],
  write: [SEALED],
  collect: [SEALED],
};

export interface ReadConfig {
  readonly config: Config;
  /** The highest record cannot be used and an older one stands in: good for readers only. */
  readonly damage?: StoreError;
}

/** @throws not-a-store, unsupported-format, unsupported-feature, object-damaged */
export async function readConfig(objects: RecordSource): Promise<ReadConfig> {
  try {
    // Flags are judged before anything else of the config: what they announce may change the rest.
    const flags = await readHighestReadable(objects, 'config', 'config', ConfigHeadSchema);
    if (flags.value !== undefined) requireFeatures(objects, flags.value, 'read');
    const { value, damage } = await readHighestReadable(objects, 'config', 'config', ConfigSchema);
    if (value === undefined) throw damage ?? notAStore(objects);
    return damage === undefined ? { config: value } : { config: value, damage };
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'unsupported-format') throw error;
    throw new StoreError(
      'unsupported-format',
      `Store ${objects.location} has another format than this version of doppel reads (${error.message})`,
      { store: objects.location },
      { cause: error },
    );
  }
}

function notAStore(objects: RecordSource): StoreError {
  return new StoreError('not-a-store', `${objects.location} is not a doppel store: it has no config record`, {
    store: objects.location,
  });
}

/** @throws unsupported-feature */
export function requireFeatures(
  objects: Pick<ObjectStore, 'location'>,
  config: Pick<Config, 'features'>,
  set: keyof Config['features'],
): void {
  const known: readonly string[] = KNOWN_FEATURES[set];
  const unknown = config.features[set].find((flag) => !known.includes(flag));
  if (unknown === undefined) return;
  throw new StoreError(
    'unsupported-feature',
    `Store ${objects.location} needs the feature "${unknown}" to ${set}: use a newer doppel`,
    { store: objects.location },
  );
}

/** Chunk sizes that a user asked for. @throws bad-setting */
export function checkChunker(parameters: StoredChunker): StoredChunker {
  const result = v.safeParse(ChunkerParametersSchema, parameters);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new StoreError(
    'bad-setting',
    `These chunk sizes cannot be used: ${v.getDotPath(issue) ?? ''} ${issue.message}`,
  );
}

/** The store can be written by this version. @throws unsupported-feature, store-read-only, object-damaged, rolled-back */
export function requireWritable({
  objects,
  config,
  configDamage,
}: Pick<Engine, 'objects' | 'config' | 'configDamage'>): void {
  requireFeatures(objects, config, 'write');
  if (configDamage !== undefined) throw configDamage;
  if (!objects.readOnly) return;
  throw new StoreError('store-read-only', `Store ${objects.location} cannot be written`, {
    store: objects.location,
  });
}

/**
 * Writes the first config: the step that makes a folder a store. A second one says the same, so that a store with a bad
 * sector in either can still be opened, and mended.
 *
 * @throws store-exists
 */
export async function writeFirstConfig(objects: ObjectStore, config: Config): Promise<void> {
  const claim = (n: number) =>
    objects.claim(configKey(n), encodeRecord('config', configKey(n), config, blake3));
  if (!(await claim(1)).won) throw storeExists(objects.location);
  await claim(2);
}

export function storeExists(location: string): StoreError {
  return new StoreError('store-exists', `${location} is a doppel store already`, { store: location });
}

export function changeConfig(objects: ObjectStore, change: (config: Config) => Config): Promise<Config> {
  return changeHighest(objects, 'config', 'config', ConfigSchema, (current) => {
    if (current === undefined)
      throw new StoreError('not-a-store', `${objects.location} is not a doppel store`);
    return change(current);
  });
}
