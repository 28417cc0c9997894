/** What cannot be read, gathered on the way: one damaged record hides nothing else. */
import type * as v from 'valibot';
import type { RecordKind } from '../../store-format/index.js';
import { StoreError } from '../errors.js';
import type { Hint, Problem } from '../interface.js';
import { readRecord } from '../objects/numbered-records.js';
import type { ObjectStore } from '../objects/object-store.js';
import { mapConcurrently } from '../system/map-concurrently.js';

/** Small reads in flight at a time. */
const CONCURRENCY = 16;

export class Findings {
  readonly problems: Problem[] = [];
  readonly hints: Hint[] = [];

  hint(hint: Hint): void {
    this.hints.push(hint);
  }

  add({ code, message, details }: StoreError): void {
    const object = details.object === undefined ? {} : { object: details.object };
    const isDamage = code === 'object-damaged' || code === 'object-missing' || code === 'rolled-back';
    this.problems.push({ code: isDamage ? code : 'object-unreadable', message, ...object });
  }

  /** What `look` finds, undefined when it could not look at all. */
  async of<T>(look: () => Promise<T>): Promise<T | undefined> {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.add(error);
      return undefined;
    }
  }

  /** A record; undefined when it cannot be read, or is gone meanwhile, which is no finding. */
  async record<T>(
    objects: ObjectStore,
    key: string,
    kind: RecordKind,
    schema: v.GenericSchema<unknown, T>,
  ): Promise<T | undefined> {
    try {
      return await readRecord(objects, key, kind, schema);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.code !== 'object-missing') this.add(error);
      return undefined;
    }
  }

  /** All of these records that can be read. */
  async records<T>(
    objects: ObjectStore,
    keys: readonly string[],
    kind: RecordKind,
    schema: v.GenericSchema<unknown, T>,
  ): Promise<readonly T[]> {
    const read = await mapConcurrently(keys, CONCURRENCY, (key) => this.record(objects, key, kind, schema));
    return read.filter((record) => record !== undefined);
  }
}
