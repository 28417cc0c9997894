/**
 * Small numbered immutable records: the highest number is in force. A change claims the next number; whoever loses
 * reads the winner and tries again, so no change is lost and no lock is held (SPEC.md, I13).
 */
import type * as v from 'valibot';
import {
  decodeRecord,
  encodeRecord,
  FormatError,
  nameKey,
  parseNumber,
  type RecordKind,
} from '../../store-format/index.js';
import { StoreError } from '../errors.js';
import { blake3 } from '../hashing/blake3.js';
import type { ObjectStore } from './object-store.js';

/** Tries before a change gives up: each lost try is somebody else's success. */
const MAX_TRIES = 100;

/** Where records are read from. */
export type RecordSource = Pick<ObjectStore, 'location' | 'get' | 'list'>;

export interface NumberedRecord<T> {
  readonly n: number;
  readonly value: T;
}

/** The record in force in a folder, undefined when there is none. @throws object-damaged */
export async function readHighest<T>(
  objects: RecordSource,
  folder: string,
  kind: RecordKind,
  schema: v.GenericSchema<unknown, T>,
): Promise<NumberedRecord<T> | undefined> {
  for (;;) {
    const n = Math.max(0, ...(await listNumbers(objects, folder)));
    if (n === 0) return undefined;
    try {
      return { n, value: await readRecord(objects, nameKey(folder, n), kind, schema) };
    } catch (error) {
      if (!(await isOutOfDate(objects, folder, n, error))) throw error;
    }
  }
}

async function listNumbers(objects: RecordSource, folder: string): Promise<readonly number[]> {
  return (await objects.list(folder)).map(parseNumber).filter((n) => n !== undefined);
}

/** gc sweeps old records away: one that was listed as the highest and is gone since has newer ones. */
async function isOutOfDate(
  objects: RecordSource,
  folder: string,
  highest: number,
  error: unknown,
): Promise<boolean> {
  if (!(error instanceof StoreError) || error.code !== 'object-missing') return false;
  return (await listNumbers(objects, folder)).some((n) => n > highest);
}

/**
 * For readers alone: the highest record that can be read. `damage` says what stands above it (SPEC.md, I12); `highest` is the
 * highest number there is.
 *
 * @param isPassable of what cannot be read: whether an older record may stand in for it; else it is thrown
 */
export async function readHighestReadable<T>(
  objects: RecordSource,
  folder: string,
  kind: RecordKind,
  schema: v.GenericSchema<unknown, T>,
  isPassable: (error: StoreError) => boolean = () => true,
): Promise<{ readonly value?: T; readonly highest: number; readonly damage?: StoreError }> {
  const numbers = (await listNumbers(objects, folder)).toSorted((a, b) => b - a);
  const highest = numbers[0] ?? 0;
  let damage: StoreError | undefined;
  for (const n of numbers) {
    try {
      const value = await readRecord(objects, nameKey(folder, n), kind, schema);
      return damage === undefined ? { value, highest } : { value, highest, damage };
    } catch (error) {
      // A newer format is no damage: an older record beside it is out of date.
      if (!(error instanceof StoreError) || error.code === 'unsupported-format') throw error;
      if (await isOutOfDate(objects, folder, highest, error))
        return readHighestReadable(objects, folder, kind, schema, isPassable);
      if (!isPassable(error)) throw error;
      damage ??= error;
    }
  }
  return damage === undefined ? { highest } : { highest, damage };
}

/** @param check throws a FormatError where the value makes no sense under its key */
export async function readRecord<T>(
  objects: RecordSource,
  key: string,
  kind: RecordKind,
  schema: v.GenericSchema<unknown, T>,
  check: (value: T) => void = () => {},
): Promise<T> {
  const { bytes } = await objects.get(key);
  try {
    const value = decodeRecord(kind, key, bytes, schema, blake3);
    check(value);
    return value;
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    const isNewer = cause.code === 'bad-version';
    const remedy = isNewer ? 'use the version of doppel that wrote it' : 'put back a good copy of the file';
    throw new StoreError(
      isNewer ? 'unsupported-format' : 'object-damaged',
      `Record ${key} cannot be used: ${cause.message}; ${remedy}`,
      { object: key, offset: cause.offset },
      { cause },
    );
  }
}

/** Replaces the record in force by what `change` makes of it. */
export async function changeHighest<T>(
  objects: ObjectStore,
  folder: string,
  kind: RecordKind,
  schema: v.GenericSchema<unknown, T>,
  change: (current: T | undefined) => T | Promise<T>,
): Promise<T> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const current = await readHighest(objects, folder, kind, schema);
    const next = await change(current?.value);
    const key = nameKey(folder, (current?.n ?? 0) + 1);
    const bytes = encodeRecord(kind, key, next, blake3);
    decodeRecord(kind, key, bytes, schema, blake3); // what nobody can read must not be in force
    if ((await objects.claim(key, bytes)).won) return next;
  }
  throw new StoreError('conflict', `Others keep changing ${folder}; run the command again`, {
    object: folder,
  });
}
