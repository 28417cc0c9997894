/** Of a capture that can read the store: its library says all. */
import { pubIdOf } from '../../store-format/index.js';
import type { DiskSource } from '../disks/disk-source.js';
import type { Engine } from '../engine/engine.js';
import type { LibraryState } from '../images/library-state.js';
import { ParentImage } from '../intake/parent-image.js';
import { sequenceOf } from '../intake/publish-image.js';
import { chooseParent, type ParentWish } from './choose-parent.js';
import type { ChosenParent, Knowledge } from './knowledge.js';

export class LibraryKnowledge implements Knowledge {
  readonly canRead = true;

  constructor(
    private readonly engine: Engine,
    private readonly wish: ParentWish,
    /** As it was when the capture began; loaded when it is needed where absent. */
    private readonly library?: LibraryState,
  ) {}

  async chooseParent(source: DiskSource): Promise<ChosenParent | undefined> {
    const { engine, wish } = this;
    const library = this.library ?? (await engine.library.load());
    const header = await chooseParent(engine, library, source, wish);
    if (header === undefined) return undefined;
    const publication = pubIdOf(header);
    return { publication, open: (catalog) => ParentImage.open(engine, catalog, publication) };
  }

  nextSequence(): Promise<number> {
    return sequenceOf(this.engine, this.wish.name);
  }

  async newCopy(): Promise<undefined> {
    return undefined;
  }

  async close(): Promise<void> {}
}
