/**
 * The disks that users capture: a few machines, each with a disk that changes now and then. Contents recur: the same disk is
 * captured by several at once, and again when images of it are gone.
 */
import { editedDisk, newDisk, type SmallDisk } from './disks.js';
import type { Random } from './random.js';

export interface DiskHabits {
  /** Machines. */
  readonly slots: number;
  /** How often which disk: as it is, as it was once, changed, or another one. */
  readonly ways: Readonly<Record<'again' | 'back' | 'edit' | 'fresh', number>>;
}

/** Earlier states of a disk that may come back. */
const KEPT_STATES = 4;

export class DiskPool {
  readonly #slots: SmallDisk[][];

  constructor(private readonly habits: DiskHabits) {
    this.#slots = Array.from({ length: habits.slots }, () => []);
  }

  choose(random: Random): SmallDisk {
    const states = random.pick(this.#slots);
    const way = random.weighted(this.habits.ways);
    const current = states.at(-1);
    if (current !== undefined && way === 'again') return current;
    if (current !== undefined && way === 'back') return random.pick(states);
    const next = current === undefined || way === 'fresh' ? newDisk(random) : editedDisk(current, random);
    states.push(next);
    if (states.length > KEPT_STATES) states.shift();
    return next;
  }
}
