/**
 * Mends a store (SPEC.md, section 12, "Repair"):
 *
 *   [1] what unsound packs still hold and images need goes to new packs; so does what another store has
 *   [2] again, until nothing comes any more: a recipe that came back asks for its chunks
 *   [3] unsound packs lose their homes: `damaged/`   [4] what nobody has is given up: `lost/`
 *
 * Nothing is deleted: gc does that. A pack that cannot be read at the moment stays as it is, and while there is one nothing
 * is given up.
 */
import {
  damagedKey,
  type EntryKind,
  encodeRecord,
  type LeaseId,
  lostKey,
  type PackId,
  toHex,
} from '../../store-format/index.js';
import { attest } from '../engine/attest.js';
import type { Engine } from '../engine/engine.js';
import { blake3 } from '../hashing/blake3.js';
import type { OperationOptions } from '../interface.js';
import { CheckedCopies } from '../reachability/checked-copies.js';
import { Copier } from '../reachability/copier.js';
import { LostEntries } from '../reachability/lost-entries.js';
import type { MissingEntries } from '../reachability/missing-entries.js';
import type { NumberedPack } from '../reachability/survey.js';
import type { PackChecks } from './check-packs.js';
import type { Needs } from './needs.js';
import type { OtherStore } from './other-store.js';

/** Pages lead to recipes, and these to chunks; one round more sees that nothing is left. */
const MAX_ROUNDS = 6;
/** Entries in one record: each takes about 80 bytes, and a record has 16 MiB at most. */
const MAX_LOST_PER_RECORD = 100_000;

export interface RepairParts {
  readonly engine: Engine;
  readonly lease: LeaseId;
  readonly checks: PackChecks;
  readonly other: OtherStore | undefined;
  /** Looks anew what images need. */
  readonly findNeeds: () => Promise<Needs>;
  /** Entries in one record of what is given up, for tests of several. */
  readonly lostPerRecord?: number;
}

export class Repair {
  readonly #checked = new CheckedCopies();
  salvagedEntries = 0;
  fetchedEntries = 0;
  writtenBytes = 0;
  emptiedPacks = 0;

  constructor(
    private readonly parts: RepairParts,
    private readonly options: OperationOptions,
  ) {}

  /** @returns what is still missing. @throws no-space, object-unreadable */
  async mend(needs: Needs): Promise<Needs> {
    let left = needs;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const came = (await this.#salvage(left)) + (await this.#fetch(left.missing)); // [1]
      if (came === 0) break;
      left = await this.parts.findNeeds(); // [2]
    }
    // What this run wrote was decoded and hashed on the way.
    await attest(this.parts.engine, this.parts.lease, { depth: 'decoded', packs: this.#checked.ownPacks });
    await this.#emptyPacks(); // [3]
    return left;
  }

  async #salvage({ mark }: Needs): Promise<number> {
    const { engine, lease, checks } = this.parts;
    const { listing, footers, packs } = mark.survey;
    const isGivingUp = ({ id }: NumberedPack) => {
      const unsound = checks.unsound.get(id);
      return unsound === undefined ? listing.damaged.has(id) : !unsound.unreadable;
    };
    let entries = 0;
    const copier = new Copier({
      engine,
      lease,
      onPack: async ({ id }) => this.#checked.addOwn(id),
      signal: this.options.signal,
      onBad: () => entries--,
      onBytes: () => undefined,
    });
    try {
      for (const pack of packs.filter(isGivingUp)) {
        const isWanted = (ordinal: number) => mark.isKept(pack, ordinal) && !checks.isBad(pack.id, ordinal);
        for (let ordinal = 0; ordinal < pack.entries; ordinal++) if (isWanted(ordinal)) entries++;
        await copier.copy(await footers.read(pack.id), isWanted);
      }
      await copier.finish();
    } catch (error) {
      await copier.abort();
      throw error;
    }
    this.salvagedEntries += entries;
    this.writtenBytes += copier.writtenBytes;
    return entries;
  }

  async #fetch(missing: MissingEntries): Promise<number> {
    const { engine, lease, other } = this.parts;
    if (other === undefined || missing.size === 0) return 0;
    const fetched = await other.fetch(engine, lease, missing, this.#checked, this.options.signal);
    this.fetchedEntries += fetched.entries;
    this.writtenBytes += fetched.writtenBytes;
    return fetched.entries;
  }

  async #emptyPacks(): Promise<void> {
    for (const { id, reason, unreadable } of this.parts.checks.unsound.values()) {
      if (!unreadable && (await this.#empty(id, reason))) this.emptiedPacks++;
    }
  }

  async #empty(pack: PackId, reason: string): Promise<boolean> {
    const { objects, environment } = this.parts.engine;
    const key = damagedKey(pack);
    const record = { pack, atMs: environment.now(), reason };
    return (await objects.claim(key, encodeRecord('damaged', key, record, blake3))).won;
  }

  /**
   * [4] From here on gc does without them, unless somebody stores them anew.
   *
   * @returns how many were given up now or before
   */
  async giveUp(missing: MissingEntries): Promise<number> {
    const { engine, checks } = this.parts;
    if ([...checks.unsound.values()].some(({ unreadable }) => unreadable)) return 0;
    const before = await LostEntries.read(engine.objects);
    const entries: { readonly kind: EntryKind; readonly id: string }[] = [];
    for (const { kind, id } of missing) {
      if (!before.excuses(kind, Buffer.from(id, 'hex'))) entries.push({ kind, id });
    }
    const { lostPerRecord = MAX_LOST_PER_RECORD } = this.parts;
    for (let first = 0; first < entries.length; first += lostPerRecord)
      await this.#record(entries.slice(first, first + lostPerRecord));
    return missing.size;
  }

  async #record(entries: readonly { readonly kind: EntryKind; readonly id: string }[]): Promise<void> {
    const { objects, environment } = this.parts.engine;
    const id = toHex(environment.random(16));
    const key = lostKey(id);
    const record = { id, atMs: environment.now(), entries: [...entries] };
    await objects.claim(key, encodeRecord('lost', key, record, blake3));
  }
}
