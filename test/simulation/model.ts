/**
 * The naive model of a store: sees every change of every name right after it was made, and throws where an invariant
 * of SPEC.md (section 11) is broken. Reads objects by the format's codecs alone, never through the engine.
 *
 * Pessimistic about power: a pack counts when every state that a power failure may leave has it, an image when any has.
 */

import { blake3 } from '../../src/hashing/blake3.js';
import {
  decodeManifestHead,
  decodeRecord,
  LeaseSchema,
  MarkSchema,
  type PackId,
  PinSchema,
  type PubId,
  parseMark,
  parseNumber,
} from '../../store-format/index.js';
import type { Opener } from './opener.js';
import { type EntryKey, MetaEntries, type PackFacts } from './pack-facts.js';
import type { Storage, StorageObserver, StoredFile } from './storage.js';
import { Violation } from './violation.js';
import { Wholeness } from './wholeness.js';

/** Who unlinks what nobody ought to. */
export const VANDAL = 'vandal';

interface MarkFacts {
  readonly verdict: 'removed' | 'restored' | 'purged';
  readonly linkedAt: number;
}

/** A lease or a pin: it keeps images that were not purged before it was durable. */
interface Hold {
  readonly images: readonly string[];
  readonly issuer: string;
  durableAt: number | undefined;
}

export class Model implements StorageObserver {
  readonly wholeness = new Wholeness();
  readonly #meta: MetaEntries;
  /** Facts never change while the bytes do not. */
  readonly #packFacts = new WeakMap<Buffer, PackFacts>();
  readonly #needs = new WeakMap<Buffer, readonly EntryKey[] | undefined>();
  /** First object ever under each key of images/, and all names of packs ever given. */
  readonly #firstImages = new Map<string, Buffer>();
  readonly #packNames = new Set<string>();
  readonly #marks = new Map<string, Map<number, MarkFacts>>();
  /** When images were last taken away. */
  readonly #removedAt = new Map<string, number>();
  readonly #holds = new Map<string, Hold>();
  /** Condemned packs and when their record was durable. */
  readonly #condemned = new Map<string, number | undefined>();

  constructor(
    private readonly storage: Storage,
    /** Step of the simulation. */
    private readonly now: () => number,
    private readonly opener: Opener,
  ) {
    this.#meta = new MetaEntries(opener);
  }

  linked(key: string, file: StoredFile, issuer: string): void {
    const [folder, name] = split(key);
    if (folder === 'packs') this.#packLinked(key, name, file);
    else if (folder === 'images') this.#imageLinked(name, file);
    else if (folder === 'removed') this.#markLinked(key, file);
    else if (folder === 'condemned') this.#condemned.set(name, undefined);
    else if (folder === 'config') this.opener.config(file.bytes);
    else if (folder === 'leases' || folder === 'pins')
      this.#holds.set(key, { ...this.#readHold(key, file), issuer, durableAt: undefined });
  }

  unlinked(key: string, issuer: string): void {
    const [folder, name] = split(key);
    if (folder === 'packs') this.#packUnlinked(key, name, issuer);
    else if (folder === 'images') this.#imageUnlinked(key, name);
    else if (folder === 'removed') this.#markUnlinked(key);
    else if (folder === 'leases') this.#leaseUnlinked(key, name, issuer);
    else if (folder === 'pins') this.#holdGone(key);
    else if (folder === 'condemned') this.#recordUnlinked(name);
    else if (folder === 'config' || folder === 'tags' || folder === 'gc') this.#numberUnlinked(key, folder);
  }

  settled(key: string): void {
    const [folder, name] = split(key);
    if (folder === 'packs') this.#judgePack(key, name as PackId);
    else if (folder === 'images') this.#judgeImage(name);
    else if (folder === 'removed') this.#judgeImage(parseMark(key)!.image);
    else if (folder === 'condemned' && this.#condemned.has(name))
      this.#condemned.set(name, this.#condemned.get(name) ?? this.now());
    const hold = this.#holds.get(key);
    if (hold !== undefined) hold.durableAt ??= this.now();
  }

  /** After a power failure: everything is looked at anew. What is known of when it was made still holds. */
  lookAgain(): void {
    const before = {
      marks: new Map([...this.#marks].map(([image, marks]) => [image, new Map(marks)])),
      holds: new Map(this.#holds),
      condemned: new Map(this.#condemned),
    };
    this.wholeness.clear();
    this.#marks.clear();
    this.#holds.clear();
    this.#condemned.clear();
    const keys = [...this.storage.keys()];
    const now = this.now();
    for (const key of keys) {
      const [folder, name] = split(key);
      const file = this.storage.get(key)!;
      if (folder === 'packs') this.#judgePack(key, name as PackId);
      else if (folder === 'leases' || folder === 'pins') {
        const { issuer = '', durableAt = now } = before.holds.get(key) ?? {};
        this.#holds.set(key, { ...this.#readHold(key, file), issuer, durableAt });
      } else if (folder === 'removed') {
        const { image, n } = parseMark(key)!;
        this.#noteMark(key, file, before.marks.get(image)?.get(n)?.linkedAt ?? now);
      } else if (folder === 'condemned') this.#condemned.set(name, before.condemned.get(name) ?? now);
    }
    for (const pub of this.#firstImages.keys())
      if (this.storage.get(`images/${pub}`) === undefined && this.#verdict(pub) !== 'purged')
        this.#firstImages.delete(pub); // the claim was never durable
    for (const key of keys) if (key.startsWith('images/')) this.#judgeImage(split(key)[1]);
  }

  /** No mark takes it away now. */
  isLive(pub: string): boolean {
    return (this.#verdict(pub) ?? 'restored') === 'restored';
  }

  /** It was live at some moment since then. */
  wasLiveSince(pub: string, step: number): boolean {
    return this.isLive(pub) || (this.#removedAt.get(pub) ?? -1) >= step;
  }

  /** It was live at every moment since then. */
  stayedLiveSince(pub: string, step: number): boolean {
    return this.isLive(pub) && (this.#removedAt.get(pub) ?? -1) < step;
  }

  // Packs

  #packLinked(key: string, name: string, file: StoredFile): void {
    if (this.#packNames.has(name)) throw new Violation('I2', `Pack ${name} is made a second time`, [name]);
    this.#packNames.add(name);
    this.#factsOf(name as PackId, file);
    this.#judgePack(key, name as PackId);
  }

  #factsOf(id: PackId, file: StoredFile): PackFacts | undefined {
    let facts = this.#packFacts.get(file.bytes);
    if (facts !== undefined) return facts;
    try {
      facts = this.#meta.readPack(id, file.bytes);
    } catch {
      return undefined; // torn: it is no pack
    }
    this.#packFacts.set(file.bytes, facts);
    return facts;
  }

  /** Some of its bytes have rotted: it holds what it held, and not all of that is good. */
  rotted(before: Buffer, after: Buffer): void {
    const facts = this.#packFacts.get(before);
    if (facts !== undefined) this.#packFacts.set(after, facts);
  }

  #judgePack(key: string, id: PackId): void {
    const file = this.storage.get(key);
    const isSolid = this.storage.possible(key).every((state) => state?.synced === true);
    const known = this.wholeness.factsOf(id);
    if (!isSolid || file === undefined) this.wholeness.removePack(id);
    else if (known === undefined) {
      const facts = this.#factsOf(id, file);
      if (facts !== undefined) this.wholeness.addPack(id, facts);
    }
  }

  #packUnlinked(key: string, name: string, issuer: string): void {
    if (issuer === VANDAL) {
      this.#vandalized(key, name as PackId);
      return;
    }
    const since = this.#condemned.get(name);
    if (since === undefined)
      throw new Violation('I9', `Pack ${name} is unlinked without a durable record in condemned/`, [name]);
    for (const [lease, hold] of this.#holds) {
      if (!lease.startsWith('leases/') || hold.issuer === issuer) continue;
      const id = lease.slice('leases/'.length);
      if (hold.durableAt === undefined || hold.durableAt >= since || this.#isDecided(id)) continue;
      throw new Violation('I9', `Pack ${name} is unlinked before ${lease}, which is older, has ended`, [
        name,
        id,
      ]);
    }
    this.#judgePack(key, name as PackId);
  }

  /** What is being captured just now may rely on it, and is excused as well. */
  #vandalized(key: string, name: PackId): void {
    this.wholeness.vandalize(name);
    for (const lease of this.#holds.keys())
      if (lease.startsWith('leases/')) this.wholeness.excuse(lease.slice('leases/'.length));
    this.#judgePack(key, name);
  }

  #recordUnlinked(name: string): void {
    if (this.storage.possible(packKeyOf(name)).some((state) => state !== undefined))
      throw new Violation('I6', `Pack ${name} is there, and is condemned no more`, [name]);
    this.#condemned.delete(name);
  }

  // Images and marks

  #imageLinked(pub: string, file: StoredFile): void {
    const first = this.#firstImages.get(pub);
    if (first !== undefined && !first.equals(file.bytes) && this.#verdict(pub) !== 'purged')
      throw new Violation('I4', `images/${pub} gets a second object`, [pub]);
    this.#firstImages.set(pub, first ?? file.bytes);
    this.#judgeImage(pub);
    for (const image of this.#holds.get(`leases/${pub}`)?.images ?? []) this.#judgeImage(image);
  }

  #imageUnlinked(key: string, pub: string): void {
    if (this.wholeness.isRoot(pub))
      throw new Violation('I10', `The manifest of ${pub} is deleted, and it is a root`, [pub]);
    if (!this.#isPurged(pub))
      throw new Violation('I4', `${key} is deleted, and is not the manifest of a purged image`, [pub]);
  }

  #judgeImage(pub: string): void {
    const needs = this.#isKept(pub) ? this.#possibleNeeds(pub) : undefined;
    if (needs === undefined) this.wholeness.removeRoot(pub);
    else this.wholeness.addRoot(pub, needs);
  }

  /** What the image needs, if a power failure may leave its manifest. */
  #possibleNeeds(pub: string): readonly EntryKey[] | undefined {
    for (const state of this.storage.possible(`images/${pub}`)) {
      if (state === undefined) continue;
      if (!this.#needs.has(state.bytes))
        this.#needs.set(state.bytes, this.#readNeeds(pub as PubId, state.bytes));
      const needs = this.#needs.get(state.bytes);
      if (needs !== undefined) return needs;
    }
    return undefined;
  }

  #readNeeds(pub: PubId, stored: Buffer): readonly EntryKey[] | undefined {
    const bytes = this.opener.manifest(`images/${pub}`, stored);
    if (decodeManifestHead(bytes, pub, blake3).kind === 'tombstone') return undefined;
    try {
      return this.#meta.neededBy(pub, bytes);
    } catch (error) {
      throw new Violation('I3', `Image ${pub} cannot be resolved: ${String(error)}`, [pub]);
    }
  }

  /** Not purged, or named by a lease or pin that was durable before the purge was decided. */
  #isKept(pub: string): boolean {
    const purge = this.#isPurged(pub) ? this.#lastMark(pub) : undefined;
    if (purge === undefined) return true;
    for (const [key, { images, durableAt }] of this.#holds) {
      if (!images.includes(pub) || durableAt === undefined || durableAt >= purge.linkedAt) continue;
      if (key.startsWith('pins/') || !this.#isDecided(split(key)[1])) return true;
    }
    return false;
  }

  #lastMark(pub: string): MarkFacts | undefined {
    const marks = this.#marks.get(pub);
    return marks?.get(Math.max(...marks.keys()));
  }

  #verdict(pub: string): MarkFacts['verdict'] | undefined {
    return this.#lastMark(pub)?.verdict;
  }

  /** Durably so. */
  #isPurged(pub: string): boolean {
    const marks = this.#marks.get(pub);
    if (marks === undefined || this.#verdict(pub) !== 'purged') return false;
    const key = `removed/${pub}.${Math.max(...marks.keys())}`;
    return this.storage.possible(key).every((state) => state !== undefined);
  }

  #markLinked(key: string, file: StoredFile): void {
    const { image, n } = parseMark(key)!;
    const before = this.#marks.get(image)?.get(n - 1);
    if (before?.verdict === 'purged')
      throw new Violation('I5', `Image ${image} was purged, and gets another mark`, [image]);
    const { verdict } = this.#noteMark(key, file, this.now());
    if (verdict === 'purged' && before?.verdict !== 'removed')
      throw new Violation('I10', `Image ${image} is purged, and was not removed`, [image]);
    this.#judgeImage(image);
  }

  #noteMark(key: string, file: StoredFile, linkedAt: number): MarkFacts {
    const { image, n } = parseMark(key)!;
    const { verdict } = decodeRecord('mark', key, this.opener.mark(key, file.bytes), MarkSchema, blake3);
    const marks = this.#marks.get(image) ?? new Map<number, MarkFacts>();
    this.#marks.set(image, marks);
    const facts = { verdict, linkedAt };
    marks.set(n, facts);
    if (verdict === 'removed') this.#removedAt.set(image, linkedAt);
    return facts;
  }

  #markUnlinked(key: string): void {
    const { image, n } = parseMark(key)!;
    const marks = this.#marks.get(image);
    if (this.#verdict(image) !== 'purged' || marks?.get(n)?.verdict === 'purged')
      throw new Violation('I5', `${key} is deleted`, [image]);
    if (this.#possibleNeeds(image) !== undefined)
      throw new Violation('I5', `${key} is deleted before its manifest`, [image]);
    marks?.delete(n);
  }

  // Leases, pins, numbered records

  /** Its key in images/ can change no more. */
  #isDecided(lease: string): boolean {
    return this.#firstImages.has(lease);
  }

  #leaseUnlinked(key: string, id: string, issuer: string): void {
    const hold = this.#holds.get(key);
    if (hold !== undefined && hold.issuer !== issuer && !this.#isDecided(id))
      throw new Violation('I8', `${key} is deleted by somebody else before its key in images/ was decided`, [
        id,
      ]);
    this.#holdGone(key);
  }

  #readHold(key: string, { bytes }: StoredFile): { readonly images: readonly string[] } {
    return key.startsWith('pins/')
      ? decodeRecord('pin', key, this.opener.pin(key, bytes), PinSchema, blake3)
      : decodeRecord('lease', key, this.opener.lease(key, bytes), LeaseSchema, blake3);
  }

  #holdGone(key: string): void {
    const images = this.#holds.get(key)?.images ?? [];
    this.#holds.delete(key);
    for (const image of images) this.#judgeImage(image);
  }

  #numberUnlinked(key: string, folder: string): void {
    const listed = key.slice(0, key.lastIndexOf('/'));
    const numbers = [...this.storage.keysIn(listed)].map(parseNumber);
    if (!numbers.some((n) => n !== undefined && n > parseNumber(key)!))
      throw new Violation('I13', `${key} is deleted, the highest of ${folder}/`, [key]);
  }
}

function split(key: string): [folder: string, name: string] {
  return [key.slice(0, key.indexOf('/')), key.slice(key.lastIndexOf('/') + 1)];
}

function packKeyOf(name: string): string {
  return `packs/${name.slice(0, 2)}/${name}`;
}
