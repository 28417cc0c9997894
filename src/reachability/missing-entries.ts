import { type EntryKind, toHex } from '../../store-format/index.js';

/** Entries that images need and nobody has, by kind and id. */
export class MissingEntries {
  readonly #ids = new Map<string, EntryKind>();

  add(kind: EntryKind, id: Uint8Array): void {
    this.#ids.set(`${kind} ${toHex(id)}`, kind);
  }

  has(kind: EntryKind, id: Uint8Array): boolean {
    return this.#ids.size > 0 && this.#ids.has(`${kind} ${toHex(id)}`);
  }

  get size(): number {
    return this.#ids.size;
  }

  *[Symbol.iterator](): Generator<{ readonly kind: EntryKind; readonly id: string }> {
    for (const [key, kind] of this.#ids) yield { kind, id: key.slice(key.indexOf(' ') + 1) };
  }
}
