/**
 * What may go wrong, how often, and whether it does now. Each kind draws from its own stream whether or not it is
 * switched on, so that a run without a kind stays close to the run with it: that is what shrinking needs.
 */
import { Random } from './random.js';

export const FAULT_KINDS = [
  /** A process dies; what it had on its way may still arrive. */
  'crash',
  /** All processes of a machine die; what was not synced survives or not. */
  'power',
  /** A process stands still; where leases are kept by beats, it may be taken for dead. */
  'suspend',
  /** A process stands still right before a step that decides something, while others go on. */
  'ambush',
  /** An operation takes effect, or not, and its caller is told that it failed. */
  'lost-reply',
  /** A request takes effect later, whatever became of its sender. */
  'delay',
  'io-error',
  'no-space',
  /** A wall clock steps by days. */
  'clock',
  /** One copy of entries that have another good copy rots. */
  'rot',
  /** A chunk index is gone when its process starts again. */
  'index-loss',
  /** A chunk index names wrong places, and forgets some. */
  'index-lies',
  /** Listings lag behind, within the bound that the store declares. */
  'late-listing',
  /** A pack is gone: a disk that dies, or somebody's hand. Images that need it are lost until they are captured again. */
  'vandal',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Chance at each opportunity where a kind is at its usual strength. */
const USUAL: Readonly<Record<FaultKind, number>> = {
  crash: 1 / 1500,
  power: 1 / 3000,
  suspend: 1 / 250,
  ambush: 1 / 10,
  'lost-reply': 1 / 400,
  delay: 1 / 100,
  'io-error': 1 / 1500,
  'no-space': 1 / 10000,
  clock: 1 / 1000,
  rot: 1 / 10,
  'index-loss': 1 / 20,
  'index-lies': 1 / 6,
  'late-listing': 1 / 2,
  vandal: 1 / 50,
};
/** Kinds after which nothing else is as it was: most runs do without. */
const RARE: ReadonlySet<FaultKind> = new Set(['vandal']);

export class Faults {
  readonly #streams = new Map<FaultKind, Random>();
  readonly #rates = new Map<FaultKind, number>();

  /** @param off kinds that never happen. @param rates chances that the seed does not choose */
  constructor(
    seed: string,
    private readonly off: ReadonlySet<FaultKind>,
    rates: Readonly<Partial<Record<FaultKind, number>>> = {},
  ) {
    const swarm = new Random(`${seed} rates`);
    for (const kind of FAULT_KINDS) {
      this.#streams.set(kind, new Random(`${seed} ${kind}`));
      // Some kinds are left out of each run: what always happens together hides what one of them does alone.
      const strength = swarm.pick([0, 0, 0.3, 1, 1, 3]);
      const chosen = RARE.has(kind) && strength < 3 ? 0 : USUAL[kind] * strength;
      this.#rates.set(kind, rates[kind] ?? chosen);
    }
  }

  /** Whether it happens here. */
  hits(kind: FaultKind): boolean {
    const hit = this.#streams.get(kind)!.chance(this.#rates.get(kind)!);
    return hit && !this.off.has(kind);
  }

  /** Chances that are part of a fault, such as how long it lasts. */
  details(kind: FaultKind): Random {
    return this.#streams.get(kind)!;
  }
}
