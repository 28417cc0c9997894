/** What a capture can know of the images of a store: all of them, or with a key that may only write those it stored itself. */
import type { PubId } from '../../store-format/index.js';
import type { DiskSource } from '../disks/disk-source.js';
import type { Parent } from '../intake/parent.js';
import type { OwnImageWriter } from '../memory/own-image.js';
import type { PackCatalog } from '../packs/pack-catalog.js';

/** A parent that was chosen before there is a lease that holds it. */
export interface ChosenParent {
  readonly publication: PubId;
  /**
   * Call it when the lease that names the image is durable and the catalog was brought up to date after that.
   *
   * @returns undefined when the image is gone or cannot be used: the capture does without
   */
  open(catalog: PackCatalog): Promise<Parent | undefined>;
}

export interface Knowledge {
  /** @throws unknown-reference, ambiguous-reference, bad-setting, key-forbids */
  chooseParent(source: DiskSource): Promise<ChosenParent | undefined>;
  /** The place of the next image among those of its name: behind all that are there. */
  nextSequence(): Promise<number>;
  /** Whether what was stored can be read back. */
  readonly canRead: boolean;
  /** Takes down what the next capture must know and cannot read from the store; undefined where it can. */
  newCopy(): Promise<OwnImageWriter | undefined>;
  /** The parent is used no more. */
  close(): Promise<void>;
}
