import { type EntryKind, LostSchema, toHex } from '../../store-format/index.js';
import { requireId } from '../engine/leases.js';
import { StoreError } from '../errors.js';
import { readRecord } from '../objects/numbered-records.js';
import type { ObjectStore } from '../objects/object-store.js';
import { ENTRY_KINDS } from '../packs/entry-kinds.js';

interface LostRecord {
  readonly key: string;
  readonly ids: ReadonlySet<string>;
  /** Whether it has excused anything. */
  used: boolean;
}

/** What repairs gave up, as `lost/` says: excuses an entry that no pack gives, and nothing else. */
export class LostEntries {
  readonly #records: LostRecord[] = [];

  /** @throws object-damaged, object-unreadable, unsupported-format */
  static async read(objects: ObjectStore): Promise<LostEntries> {
    const lost = new LostEntries();
    for (const key of await objects.list('lost')) {
      requireId(key);
      const { entries } = await readRecord(objects, key, 'lost', LostSchema);
      const ids = new Set(entries.map(({ kind, id }) => `${kind} ${id}`));
      lost.#records.push({ key, ids, used: false });
    }
    return lost;
  }

  excuses(kind: EntryKind, id: Uint8Array): boolean {
    if (this.#records.length === 0) return false;
    const name = `${kind} ${toHex(id)}`;
    const excuses = this.#records.filter(({ ids }) => ids.has(name));
    for (const record of excuses) record.used = true;
    return excuses.length > 0;
  }

  /** Fails closed: what a root needs and nobody can read may name anything. @throws object-missing */
  requireExcuse(kind: EntryKind, id: Uint8Array): void {
    if (!this.excuses(kind, id)) throw lostEntry(kind, id);
  }

  /** Records that had nothing to excuse: no root needs what they name, or packs hold it again. */
  get unused(): readonly string[] {
    return this.#records.filter(({ used }) => !used).map(({ key }) => key);
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
