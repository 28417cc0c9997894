/**
 * Collects what was odd about a disk, for its owner to read. Bounded, because a hostile or broken disk is odd in as many
 * places as it likes, and without repeats.
 */

import { MAX_NOTES } from '../../store-format/disk-layout.js';
import { boundText } from './field-formats.js';

const LEFT_OUT = 'Further notes were left out';

export class Notes {
  readonly #texts = new Set<string>();

  add(text: string): void {
    if (this.#texts.size < MAX_NOTES - 1) this.#texts.add(boundText(text));
    else this.#texts.add(LEFT_OUT);
  }

  list(): readonly string[] {
    return [...this.#texts];
  }
}
