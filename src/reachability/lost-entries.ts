import { type EntryKind, LostSchema, toHex } from '../../store-format/index.js';
import { requireId } from '../engine/leases.js';
import { readRecord } from '../objects/numbered-records.js';
import type { ObjectStore } from '../objects/object-store.js';

/** What repairs gave up: excuses an entry that no pack gives, and nothing else. */
export class LostEntries {
  readonly #ids = new Set<string>();

  /** @throws object-damaged, object-unreadable, unsupported-format */
  static async read(objects: ObjectStore): Promise<LostEntries> {
    const lost = new LostEntries();
    for (const key of await objects.list('lost')) {
      requireId(key);
      const { entries } = await readRecord(objects, key, 'lost', LostSchema);
      for (const { kind, id } of entries) lost.#ids.add(`${kind} ${id}`);
    }
    return lost;
  }

  excuses(kind: EntryKind, id: Uint8Array): boolean {
    return this.#ids.size > 0 && this.#ids.has(`${kind} ${toHex(id)}`);
  }
}
