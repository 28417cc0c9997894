/** What hardware does to stored bytes by itself: rot, and packs that vanish. */
import type { PackId } from '../../store-format/index.js';
import type { Faults } from './faults.js';
import type { Model } from './model.js';
import type { Place } from './place.js';
import type { SimulatedProcess } from './processes.js';
import { Rot } from './rot.js';
import { vandalize } from './vandal.js';

export class Decay {
  readonly #rot: Rot;

  constructor(
    private readonly place: Place,
    private readonly model: Model,
    private readonly faults: Faults,
    private readonly tell: (what: 'rot' | 'vandal', pack: PackId) => void,
  ) {
    this.#rot = new Rot(place, model);
  }

  /** Not while somebody collects: what gc has read in its run may be relied on in it (SPEC.md, I11). */
  go(processes: readonly SimulatedProcess[]): void {
    if (processes.some(({ operation }) => operation?.kind === 'gc')) return;
    const { faults } = this;
    if (faults.hits('rot')) this.#note('rot', this.#rot.strike(faults.details('rot')));
    if (faults.hits('vandal'))
      this.#note('vandal', vandalize(this.place, this.model, faults.details('vandal')));
  }

  #note(what: 'rot' | 'vandal', pack: PackId | undefined): void {
    if (pack !== undefined) this.tell(what, pack);
  }
}
