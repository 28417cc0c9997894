/**
 * I3, kept up to date change by change: how many good copies each entry has in packs that no power failure can take, and
 * which roots need it. An entry that is needed and has none is the loss that everything here is about.
 */
import type { PackId } from '../../store-format/index.js';
import type { EntryKey, PackFacts } from './pack-facts.js';
import { Violation } from './violation.js';

interface SolidPack {
  readonly facts: PackFacts;
  /** Entries whose bytes in this pack are bad. */
  readonly rotten: Set<EntryKey>;
}

export class Wholeness {
  readonly #packs = new Map<PackId, SolidPack>();
  /** Entries whose bytes are bad: rot outlasts a power failure. */
  readonly #rot = new Map<PackId, Set<EntryKey>>();
  readonly #copies = new Map<EntryKey, number>();
  readonly #roots = new Map<string, readonly EntryKey[]>();
  readonly #neededBy = new Map<EntryKey, Set<string>>();
  /** Roots of which a copy of something has come or gone since they were last read. */
  readonly dirty = new Set<string>();
  /** Images that hardware or a hand took something from, until all they need has been stored again; and those ever. */
  readonly #damaged = new Set<string>();
  readonly #everDamaged = new Set<string>();
  /** An entry that nobody needs lost its last good copy, while a rotten one stays. */
  onOnlyRotten: (pack: PackId) => void = () => undefined;

  isRoot(image: string): boolean {
    return this.#roots.has(image);
  }

  /** Something that it needs is gone, and nobody promised otherwise. */
  isDamaged(image: string): boolean {
    return this.#damaged.has(image);
  }

  wasDamaged(image: string): boolean {
    return this.#everDamaged.has(image);
  }

  /** From now on nothing is promised of it until it is whole. */
  excuse(image: string): void {
    this.#damaged.add(image);
    this.#everDamaged.add(image);
  }

  /** Hardware and hands have left everything alone so far. */
  get isSound(): boolean {
    return this.#everDamaged.size === 0 && this.#rot.size === 0;
  }

  get anyRotten(): boolean {
    for (const { rotten } of this.#packs.values()) if (rotten.size > 0) return true;
    return false;
  }

  packs(): readonly PackId[] {
    return [...this.#packs.keys()];
  }

  copiesOf(entry: EntryKey): number {
    return this.#copies.get(entry) ?? 0;
  }

  isNeeded(entry: EntryKey): boolean {
    return (this.#neededBy.get(entry)?.size ?? 0) > 0;
  }

  factsOf(pack: PackId): PackFacts | undefined {
    return this.#packs.get(pack)?.facts;
  }

  /** A pack is there and will stay through a power failure. */
  addPack(pack: PackId, facts: PackFacts): void {
    if (this.#packs.has(pack)) return;
    const rotten = this.#rot.get(pack) ?? new Set();
    this.#packs.set(pack, { facts, rotten });
    for (const entry of facts.entries) if (!rotten.has(entry)) this.#addCopy(entry);
  }

  /** @throws Violation when a root needs what only this pack held */
  removePack(pack: PackId): void {
    const solid = this.#packs.get(pack);
    if (solid === undefined) return;
    this.#packs.delete(pack);
    for (const entry of solid.facts.entries) if (!solid.rotten.has(entry)) this.#removeCopy(entry, pack);
  }

  /** A pack is about to be taken away by nobody who ought to: images that need what only this pack holds are excused. */
  vandalize(pack: PackId): void {
    for (const entry of this.#packs.get(pack)?.facts.entries ?? [])
      if (this.copiesOf(entry) === 1) for (const image of this.#neededBy.get(entry) ?? []) this.excuse(image);
  }

  /** The caller has made sure that each of the entries has another good copy. */
  rot(pack: PackId, entries: readonly EntryKey[]): void {
    const { rotten } = this.#packs.get(pack)!;
    this.#rot.set(pack, rotten);
    for (const entry of entries) {
      if (rotten.has(entry)) continue;
      rotten.add(entry);
      this.#removeCopy(entry, pack);
    }
  }

  isRotten(pack: PackId): boolean {
    return (this.#packs.get(pack)?.rotten.size ?? 0) > 0;
  }

  /** All of the pack can be read again. */
  heal(pack: PackId): void {
    const solid = this.#packs.get(pack);
    if (solid === undefined) return;
    for (const entry of solid.rotten) this.#addCopy(entry);
    solid.rotten.clear();
  }

  #addCopy(entry: EntryKey): void {
    this.#copies.set(entry, this.copiesOf(entry) + 1);
    this.#touch(entry);
    if (this.#damaged.size === 0) return;
    for (const image of this.#neededBy.get(entry) ?? []) this.#noteWhole(image);
  }

  #noteWhole(image: string): void {
    if (this.#damaged.has(image) && this.#missingOf(image) === undefined) this.#damaged.delete(image);
  }

  #missingOf(image: string): EntryKey | undefined {
    return this.#roots.get(image)?.find((entry) => this.copiesOf(entry) === 0);
  }

  #removeCopy(entry: EntryKey, pack: PackId): void {
    const left = this.copiesOf(entry) - 1;
    this.#copies.set(entry, left);
    this.#touch(entry);
    if (left > 0) return;
    const image = [...(this.#neededBy.get(entry) ?? [])].find((one) => !this.#damaged.has(one));
    if (image !== undefined)
      throw new Violation('I3', `Image ${image} needs ${entry}, and pack ${pack} held its last good copy`, [
        image,
        pack,
      ]);
    for (const [other, { rotten }] of this.#packs) if (rotten.has(entry)) this.onOnlyRotten(other);
  }

  #touch(entry: EntryKey): void {
    for (const image of this.#neededBy.get(entry) ?? []) this.dirty.add(image);
  }

  /** @throws Violation when something that it needs is in no pack */
  addRoot(image: string, needs: readonly EntryKey[]): void {
    if (this.#roots.has(image)) return;
    this.#roots.set(image, needs);
    this.dirty.add(image);
    for (const entry of needs) {
      const images = this.#neededBy.get(entry);
      if (images === undefined) this.#neededBy.set(entry, new Set([image]));
      else images.add(image);
    }
    const missing = this.#missingOf(image);
    if (missing === undefined) this.#damaged.delete(image);
    else if (!this.#damaged.has(image))
      throw new Violation('I3', `Image ${image} needs ${missing}, which no pack holds durably`, [image]);
  }

  removeRoot(image: string): void {
    for (const entry of this.#roots.get(image) ?? []) this.#neededBy.get(entry)?.delete(image);
    this.#roots.delete(image);
    this.dirty.delete(image);
  }

  clear(): void {
    this.#packs.clear();
    this.#copies.clear();
    this.#roots.clear();
    this.#neededBy.clear();
    this.dirty.clear();
  }
}
