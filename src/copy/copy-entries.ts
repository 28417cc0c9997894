/**
 * A copy between stores in which equal content has equal ids: entries go over as they are, each decoded and hashed on the
 * way, and frames that are wanted as a whole keep their compressed bytes.
 *
 *   [1] walk the image: what the target lacks, and where it lies
 *   [2] copy it pack by pack   [3] where a copy was bad, or its pack gone, begin anew without it: what is lost the walk tells
 */
import { HASH_BYTES, type LeaseId, type PackId, PackKind, toHex } from '../../store-format/index.js';
import { EntrySet } from '../contents/entry-set.js';
import type { FooterTable } from '../packs/footer-table.js';
import { plainBytesOf } from '../reachability/check-frames.js';
import { Copier } from '../reachability/copier.js';
import { type BadCopies, EntryWalk } from './entry-walk.js';
import type { CopySettings, CopyTarget, ImageToCopy, WrittenImage } from './image-to-copy.js';
import { type Damage, otherDigest } from './source-damage.js';
import { SourcePacks } from './source-packs.js';
import { isWorthKeeping } from './whole-packs.js';

/**
 * @param met in a dry run: what images before this one would have copied
 * @throws SourceDamage; no-space, io-failed
 */
export async function copyEntries(
  source: ImageToCopy,
  target: CopyTarget,
  settings: CopySettings,
  met: EntrySet,
): Promise<WrittenImage> {
  return new EntryCopy(source, target, settings).run(met);
}

class EntryCopy implements BadCopies {
  readonly packs = new Set<PackId>();
  readonly byId = new Map<string, Set<PackId>>();
  readonly #sourcePacks: SourcePacks;
  /** Copies that were bad or gone. */
  #misses = 0;

  constructor(
    private readonly source: ImageToCopy,
    private readonly target: CopyTarget,
    private readonly settings: CopySettings,
  ) {
    this.#sourcePacks = new SourcePacks(source.engine.objects);
  }

  async run(met: EntrySet): Promise<WrittenImage> {
    const { header, pageIds, attachments } = this.source.from.manifest;
    const { lease } = this.target;
    const wanted = lease === undefined ? met : new EntrySet();
    const { counts, relied } = await this.#walk(wanted); // [1]
    const storedBytes = lease === undefined ? 0 : await this.#copy(lease, wanted, counts.newBytes, relied);
    this.settings.onBytes(header.size);
    const readBytes = lease === undefined ? 0 : counts.newBytes;
    return { pageIds, attachments, sketch: header.sketch, counts, readBytes, storedBytes, relied };
  }

  async #walk(wanted: EntrySet): Promise<EntryWalk> {
    const walk = new EntryWalk(this.source, this.target, wanted, this);
    const digest = await walk.walk(this.settings.signal);
    const { image } = this.source.from;
    if (digest !== image.digest) throw otherDigest(image, digest);
    return walk;
  }

  /** @returns bytes of the packs that were written */
  async #copy(lease: LeaseId, wanted: EntrySet, newBytes: number, relied: Set<PackId>): Promise<number> {
    const copier = this.#copier(lease, newBytes, relied);
    try {
      while (!wanted.isEmpty) {
        const before = this.#misses;
        await this.#copyWanted(copier, wanted); // [2]
        await copier.finish();
        if (this.#misses === before) break;
        await this.source.catalog.refresh(); // [3]
        wanted = new EntrySet();
        for (const pack of (await this.#walk(wanted)).relied) relied.add(pack);
      }
      return copier.writtenBytes;
    } catch (error) {
      if (isWorthKeeping(error)) await copier.finish().catch(() => undefined);
      await copier.abort();
      throw error;
    }
  }

  #copier(lease: LeaseId, newBytes: number, relied: Set<PackId>): Copier {
    const { engine, catalog } = this.target;
    const { signal, onBytes } = this.settings;
    let doneBytes = this.source.from.contents.size - newBytes;
    return new Copier({
      engine,
      source: this.#sourcePacks,
      lease,
      signal,
      onPack: async (tail) => {
        await catalog.addOwn(tail);
        relied.add(tail.id);
      },
      onBad: (footer, ordinal) => this.#noteBad(footer, ordinal),
      onBytes: (_storedBytes, wanted) => {
        if (wanted.footer.kind !== PackKind.data) return;
        doneBytes += plainBytesOf(wanted);
        onBytes(doneBytes);
      },
    });
  }

  async #copyWanted(copier: Copier, wanted: EntrySet): Promise<void> {
    const { catalog, renew } = this.source;
    for (const pack of wanted.packs) {
      await renew();
      const footer = await catalog.footer(pack);
      if (footer !== undefined) await copier.copy(footer, (ordinal) => wanted.has(pack, ordinal));
      else {
        this.packs.add(pack);
        this.#misses++;
      }
    }
  }

  #noteBad(footer: FooterTable, ordinal: number): void {
    const id = toHex(footer.ids.subarray(HASH_BYTES * ordinal, HASH_BYTES * (ordinal + 1)));
    const packs = this.byId.get(id) ?? new Set();
    this.byId.set(id, packs.add(footer.pack));
    this.#misses++;
  }

  why(id: string, kind: PackKind): Pick<Damage, 'code' | 'reason'> | undefined {
    const packs = this.byId.get(id);
    if (packs === undefined) return undefined;
    for (const pack of packs) {
      const failure = this.#sourcePacks.whyUnreadable(pack);
      if (failure !== undefined) return { code: 'object-unreadable', reason: failure.message };
    }
    const [pack] = packs;
    const code = kind === PackKind.data ? 'chunk-damaged' : 'object-damaged';
    return { code, reason: `what stands there is damaged in pack ${pack!.slice(0, 12)}…` };
  }
}
