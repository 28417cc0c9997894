/**
 * A change of keys gets into force, and what it ended goes:
 *
 *   [1] the new config is claimed; a lost answer is looked into
 *   [2] the next one has the same keys: without the newest nobody reads what is sealed for them, and no single bad sector
 *       may take them. It may say more, of what could only be seen once the change stood
 *   [3] configs before those two go: a slot that was removed still has its grant there
 *
 * After [1] the change stands. What fails then is told, and done by the next change or by gc.
 */
import {
  type Config,
  ConfigSchema,
  configKey,
  type Encryption,
  parseNumber,
} from '../../store-format/index.js';
import { changeConfig, readConfig } from '../engine/config-records.js';
import type { Engine } from '../engine/engine.js';
import { StoreError } from '../errors.js';
import { readRecord } from '../objects/numbered-records.js';
import type { ObjectStore } from '../objects/object-store.js';

export type EditKeys = (config: Config) => Encryption;

/**
 * @param edit may be called again, when others change the config at the same time
 * @param complete called once the change stands: what is to be said then as well
 */
export async function changeKeys(
  { objects, warn }: Pick<Engine, 'objects' | 'warn'>,
  edit: EditKeys,
  complete: () => Promise<EditKeys | undefined>,
): Promise<Config> {
  let encryption: Encryption | undefined;
  const change = (config: Config) => {
    encryption = edit(config);
    return { ...config, encryption };
  };
  try {
    await changeConfig(objects, change); // [1]
  } catch (error) {
    if (encryption === undefined || !(await isInForce(objects, encryption, error))) throw error;
  }
  try {
    const more = await complete();
    const config = await changeConfig(objects, (same) => (more ? { ...same, encryption: more(same) } : same)); // [2]
    await forgetEarlierConfigs(objects); // [3]
    return config;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const message = `The keys were changed, but not all is done that goes with it (${error.message}): configs of before may be left, which those who had a key then can open. Run "doppel gc" where files can be deleted, or "doppel key rotate" again`;
    warn({ code: 'key-leftovers', message });
    return (await readConfig(objects)).config;
  }
}

/** The record of a slot that is granted nothing is of no use to anybody. */
export async function deleteSlot(
  { objects, warn }: Pick<Engine, 'objects' | 'warn'>,
  key: string,
): Promise<void> {
  try {
    await objects.delete(key);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    warn({ code: 'key-leftovers', message: `${key} is of no use any more, but stays: ${error.message}` });
  }
}

/** Each change makes grants of its own. @throws StoreError uncertain, when nobody can tell */
async function isInForce(objects: ObjectStore, { grants }: Encryption, failure: unknown): Promise<boolean> {
  if (!(failure instanceof StoreError)) return false;
  try {
    const there = (await readConfig(objects)).config.encryption?.grants ?? {};
    return Object.entries(grants).every(([slot, { sealed }]) => there[slot]?.sealed === sealed);
  } catch (cause) {
    const { code, message, details } = failure;
    throw new StoreError(
      code,
      `${message}; "doppel key ls" tells whether it came into force`,
      { ...details, uncertain: true },
      { cause },
    );
  }
}

async function forgetEarlierConfigs(objects: ObjectStore): Promise<void> {
  for (const n of (await configNumbers(objects)).slice(2)) await objects.delete(configKey(n));
}

/** What a change that was killed after [1] has left to do. */
export async function finishKeyChange({ objects }: Pick<Engine, 'objects'>): Promise<void> {
  if (objects.vault === undefined) return;
  const [highest, before] = await configNumbers(objects);
  if (highest === undefined || before === undefined) return;
  if (await haveSameKeys(objects, highest, before)) return;
  await changeConfig(objects, (same) => same);
  await forgetEarlierConfigs(objects);
}

async function haveSameKeys(objects: ObjectStore, a: number, b: number): Promise<boolean> {
  try {
    const [one, other] = [await readNumber(objects, a), await readNumber(objects, b)];
    return JSON.stringify(one.encryption) === JSON.stringify(other.encryption);
  } catch (error) {
    if (error instanceof StoreError) return false;
    throw error;
  }
}

function readNumber(objects: ObjectStore, n: number): Promise<Config> {
  return readRecord(objects, configKey(n), 'config', ConfigSchema);
}

/** The highest first. */
async function configNumbers(objects: ObjectStore): Promise<readonly number[]> {
  const numbers = (await objects.list('config')).map(parseNumber).filter((n) => n !== undefined);
  return numbers.toSorted((a, b) => b - a);
}
