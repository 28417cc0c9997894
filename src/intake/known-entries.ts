/**
 * Which entries a capture need not write: those that have a home in listings that began after its lease was durable
 * (SPEC.md, I7), and those that this capture has on its way there. Remembers the packs it relies on, for the last check before the publish.
 */
import { HASH_BYTES, type PackId, PackKind, type PackTail } from '../../store-format/index.js';
import type { Home, PackCatalog } from '../packs/pack-catalog.js';
import type { Sought } from '../packs/sought.js';

export class KnownEntries {
  /** Ids in frames and packs that are not durable yet; bounded by what one open pack of each kind holds. */
  readonly #onTheWay = { [PackKind.data]: new Set<string>(), [PackKind.meta]: new Set<string>() };
  readonly #reliedOn = new Set<PackId>();
  #last: PackId | undefined;

  constructor(
    private readonly catalog: PackCatalog,
    /** Ids remembered on the way at most. */
    private readonly limit: number = Number.POSITIVE_INFINITY,
  ) {}

  get packsReliedOn(): ReadonlySet<PackId> {
    return this.#reliedOn;
  }

  /**
   * Whether the entry is known; if not, the caller writes it, and it is known from now on.
   *
   * @returns undefined when that cannot be told without reading from the store: then `meet` tells
   */
  meetNow(ids: Buffer, at: number, sought: Sought): boolean | undefined {
    const key = ids.toString('latin1', at, at + HASH_BYTES);
    if (this.#onTheWay[sought.kind].has(key)) return true;
    const home = this.catalog.findNow(ids, at, sought);
    return home === 'unread' ? undefined : this.#decide(key, sought, home);
  }

  async meet(ids: Buffer, at: number, sought: Sought): Promise<boolean> {
    const key = ids.toString('latin1', at, at + HASH_BYTES);
    if (this.#onTheWay[sought.kind].has(key)) return true;
    return this.#decide(key, sought, await this.catalog.find(ids, at, sought));
  }

  #decide(key: string, { kind }: Sought, home: Home | undefined): boolean {
    const onTheWay = this.#onTheWay[kind];
    if (home !== undefined) this.#relyOn(home.footer.pack);
    else if (onTheWay.size < this.limit) onTheWay.add(key);
    return home !== undefined;
  }

  #relyOn(pack: PackId): void {
    if (pack === this.#last) return;
    this.#last = pack;
    this.#reliedOn.add(pack);
  }

  /** A pack of ours is durable: its entries have a home. */
  async settle(tail: PackTail): Promise<void> {
    await this.catalog.addOwn(tail);
    this.#reliedOn.add(tail.id);
    const ids = Buffer.from(tail.footer.ids.buffer, tail.footer.ids.byteOffset, tail.footer.ids.byteLength);
    for (let at = 0; at < ids.length; at += HASH_BYTES)
      this.#onTheWay[tail.footer.kind].delete(ids.toString('latin1', at, at + HASH_BYTES));
  }
}
