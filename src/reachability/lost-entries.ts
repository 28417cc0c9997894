import { type EntryKind, LostSchema, toHex } from '../../store-format/index.js';
import { requireId } from '../engine/leases.js';
import { StoreError } from '../errors.js';
import { readRecord } from '../objects/numbered-records.js';
import type { ObjectStore } from '../objects/object-store.js';
import { ENTRY_KINDS } from '../packs/entry-kinds.js';

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

  /** Fails closed: what a root needs and nobody can read may name anything. @throws object-missing */
  requireExcuse(kind: EntryKind, id: Uint8Array): void {
    if (!this.excuses(kind, id)) throw lostEntry(kind, id);
  }
}

function lostEntry(kind: EntryKind, id: Uint8Array): StoreError {
  const hex = toHex(id);
  return new StoreError(
    'object-missing',
    `${ENTRY_KINDS[kind].name} ${hex.slice(0, 12)}…, which an image needs, cannot be read from any pack, so nothing is deleted; "doppel scrub" tells which images it hurts, "doppel scrub --repair" mends what can be mended`,
    { chunk: hex },
  );
}
