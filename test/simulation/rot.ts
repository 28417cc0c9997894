/** Decay: the bytes of a frame go bad in one pack, where each of its entries has another good copy. */
import { type PackId, packKey, parsePackId } from '../../store-format/index.js';
import type { Model } from './model.js';
import type { Place } from './place.js';
import type { Random } from './random.js';

export class Rot {
  /** Good bytes of packs that rotted. */
  readonly #good = new Map<PackId, Buffer>();

  constructor(
    private readonly place: Place,
    private readonly model: Model,
  ) {
    model.wholeness.onOnlyRotten = (pack) => this.heal(pack);
  }

  /** @returns the pack, if there was one whose decay costs nothing yet */
  strike(random: Random): PackId | undefined {
    const { wholeness } = this.model;
    const leaving = new Set(this.place.late.map(({ key }) => parsePackId(key)));
    const candidates = wholeness.packs().flatMap((pack) => {
      if (leaving.size > 0 && this.#sharesWithLeaving(pack, leaving)) return [];
      const frames = wholeness.factsOf(pack)!.frames;
      return frames
        .filter(({ entries }) => entries.every((entry) => wholeness.copiesOf(entry) > 1))
        .filter(({ entries }) => entries.some((entry) => wholeness.isNeeded(entry)))
        .map((frame) => ({ pack, frame }));
    });
    if (candidates.length === 0) return undefined;
    const { pack, frame } = random.pick(candidates);
    if (wholeness.isRotten(pack)) return undefined;
    const file = this.place.storage.get(packKey(pack))!;
    this.#good.set(pack, file.bytes);
    const bytes = Buffer.from(file.bytes);
    random.bytes(frame.heldBytes).copy(bytes, frame.offset);
    this.model.rotted(file.bytes, bytes);
    file.bytes = bytes;
    wholeness.rot(pack, frame.entries);
    return pack;
  }

  /** A copy that is about to go counts for nothing: nobody looks at it again before. */
  #sharesWithLeaving(pack: PackId, leaving: ReadonlySet<PackId | undefined>): boolean {
    const { wholeness } = this.model;
    const own = new Set(wholeness.factsOf(pack)!.entries);
    for (const other of leaving) {
      if (other === undefined) continue;
      if (other === pack || wholeness.factsOf(other)?.entries.some((entry) => own.has(entry))) return true;
    }
    return false;
  }

  /** The last good copy of what nobody needed is gone: decay that would cost something is beyond what is promised. */
  heal(pack: PackId): void {
    const good = this.#good.get(pack);
    const file = this.place.storage.get(packKey(pack));
    this.#good.delete(pack);
    if (good === undefined || file === undefined) return;
    file.bytes = good;
    this.model.wholeness.heal(pack);
  }
}
