import * as v from 'valibot';
import {
  type ChunkerParameters,
  ChunkerParametersSchema,
  type Config,
  ConfigSchema,
  configKey,
  encodeRecord,
} from '../../store-format/index.js';
import { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import { changeHighest, type NumberedRecord, readHighest } from '../objects/numbered-records.js';
import type { ObjectStore } from '../objects/object-store.js';

/** Flags that this version knows, per set. A store that asks for another is refused. */
const KNOWN_FEATURES = { read: [], write: [], collect: [] } as const satisfies Record<
  keyof Config['features'],
  string[]
>;
const HASH = 'blake3';

/** @throws not-a-store, unsupported-format, unsupported-feature, object-damaged */
export async function readConfig(objects: ObjectStore): Promise<Config> {
  let record: NumberedRecord<Config> | undefined;
  try {
    record = await readHighest(objects, 'config', 'config', ConfigSchema);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'unsupported-format') {
      throw new StoreError(
        'unsupported-format',
        `Store ${objects.location} has another format than this version of doppel reads: ${error.message}`,
        { store: objects.location },
        { cause: error },
      );
    }
    throw error;
  }
  if (record === undefined) {
    throw new StoreError(
      'not-a-store',
      `${objects.location} is not a doppel store: it has no config record`,
      {
        store: objects.location,
      },
    );
  }
  requireFeatures(objects, record.value, 'read');
  if (record.value.hash !== HASH) {
    throw new StoreError(
      'unsupported-feature',
      `Store ${objects.location} uses the hash "${record.value.hash}"`,
      {
        store: objects.location,
      },
    );
  }
  return record.value;
}

/** @throws unsupported-feature */
export function requireFeatures(objects: ObjectStore, config: Config, set: keyof Config['features']): void {
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
export function checkChunker(parameters: ChunkerParameters): ChunkerParameters {
  const result = v.safeParse(ChunkerParametersSchema, parameters);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new StoreError(
    'bad-setting',
    `These chunk sizes cannot be used: ${v.getDotPath(issue) ?? ''} ${issue.message}`,
  );
}

/** The store can be written by this version. @throws unsupported-feature, store-read-only */
export function requireWritable(objects: ObjectStore, config: Config): void {
  requireFeatures(objects, config, 'write');
  if (!objects.readOnly) return;
  throw new StoreError('store-read-only', `Store ${objects.location} cannot be written`, {
    store: objects.location,
  });
}

/** Writes the first config: the step that makes a folder a store. @throws store-exists */
export async function writeFirstConfig(objects: ObjectStore, config: Config): Promise<void> {
  const key = configKey(1);
  const { won } = await objects.claim(key, encodeRecord('config', key, config, blake3));
  if (!won) throw storeExists(objects.location);
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
