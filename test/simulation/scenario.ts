/** What a seed decides once for its whole run: the kind of place, who works on it, how, and what they like to do. */
import type { Config } from '../../store-format/index.js';
import { SEGMENT_BYTES } from '../../store-format/index.js';
import type { DiskHabits } from './disk-pool.js';
import { Random } from './random.js';

export const OPERATION_KINDS = [
  'capture',
  'read',
  'remove',
  'undelete',
  'tag',
  'pin',
  'unpin',
  'gc',
  'rebuild',
  'configure',
  'scrub',
  'rotate',
] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

/** Where processes stand still while others go on. */
export interface AmbushHabits {
  /** Before which requests: kind of operation, verb and key; then "after", and verb and key of what it last gave a name. */
  readonly at: RegExp;
  /** For how many steps: one of these. */
  readonly steps: readonly number[];
  /** How many of them seem dead, where a time-out tells. */
  readonly deadShare: number;
}

/** Options that gc is run with: each time one of each. Undefined: the option is not given. */
export interface GcHabits {
  readonly gracesMs: readonly (number | undefined)[];
  readonly waitsMs: readonly (number | undefined)[];
  readonly maxRepackBytes: readonly (number | undefined)[];
}

export interface Scenario {
  /**
   * A local folder: locks tell the dead, names are durable when their folder was synced. A remote place: a time-out tells,
   * names are durable at once, requests may be late.
   */
  readonly place: 'local' | 'remote';
  /** Machines, and processes on each. A local folder has one machine. */
  readonly hosts: number;
  readonly processesPerHost: number;
  /** The bound B on how far listings lag. */
  readonly listDelayMs: number;
  /** Chance that the process that went last goes on. */
  readonly stickiness: number;
  /** Chance that an operation uses the engine of the one before. */
  readonly engineReuse: number;
  /** How many images operations try to keep. */
  readonly liveImages: number;
  readonly disks: DiskHabits;
  /** How often captures take which parent: the newest of their name, none, or one that is said. */
  readonly parents: Readonly<Record<'byName' | 'none' | 'explicit', number>>;
  readonly ambush: AmbushHabits;
  readonly gc: GcHabits;
  readonly weights: Readonly<Record<OperationKind, number>>;
  readonly config: Config;
}

/** What is published, held, condemned, marked or unlinked by it stays so; and what gc lists decides what it does. */
export const DECISIVE =
  /^\w+ (claim|hold) (images|condemned|removed|pins|leases)\/|^\w+ delete (images|packs)\/|^gc list (leases|images|condemned) /;

export function scenarioOf(seed: number): Scenario {
  const random = new Random(`${seed} scenario`);
  const place = random.pick(['local', 'remote'] as const);
  const hosts = place === 'local' ? 1 : 2;
  const listDelayMs = place === 'remote' ? random.pick([0, 0, 100, 400]) : 0;
  return {
    place,
    hosts,
    processesPerHost: Math.ceil(random.pick([2, 3, 3, 4]) / hosts),
    listDelayMs,
    stickiness: random.pick([0, 0.5, 0.8, 0.95]),
    engineReuse: random.pick([0.5, 0.9, 0.9]),
    liveImages: 1 + random.below(4),
    disks: {
      slots: 1 + random.below(4),
      ways: { again: 3, back: random.pick([1, 4]), edit: 3, fresh: random.pick([0.5, 2]) },
    },
    parents: { byName: 5, none: 2, explicit: 4 },
    ambush: { at: DECISIVE, steps: random.pick(AMBUSH_STEPS), deadShare: random.pick([0.3, 0.7]) },
    gc: {
      gracesMs: [0, 0, 0, 0, undefined, 3_600_000],
      waitsMs: random.pick([
        [0, 0, 1000],
        [0, 60_000, undefined],
      ]),
      maxRepackBytes: [undefined, undefined, undefined, undefined, 0, 5000, 20_000],
    },
    weights: {
      capture: 10,
      read: 0.5 + random.below(2),
      remove: 6,
      undelete: random.pick([0.5, 1, 2]),
      tag: 0.5,
      pin: random.pick([0.5, 2]),
      unpin: 2,
      gc: 9 + random.below(8),
      rebuild: 0.3,
      configure: 0.5,
      scrub: random.pick([0, 1, 5]),
      rotate: 0, // where there are keys they say it
    },
    config: configOf(random, listDelayMs),
  };
}

const AMBUSH_STEPS = [
  [20, 60, 150],
  [60, 150, 400],
];

function configOf(random: Random, listDelayMs: number): Config {
  return {
    storeId: random.bytes(16).toString('hex'),
    createdMs: 0,
    features: { read: [], write: [], collect: [] },
    hash: 'blake3',
    chunker: {
      algorithm: 'fastcdc',
      minBytes: 4096,
      averageBytes: 16_384,
      maxBytes: 65_536,
      holeBlocks: 1,
      gearSeed: '0'.repeat(64),
    },
    segmentBytes: SEGMENT_BYTES,
    ...(listDelayMs > 0 ? { listDelayMs } : {}),
    settings: {
      level: 1,
      frameBytes: 65_536,
      repackBelow: random.pick([0, 50, 90, 100]),
      removedGraceHours: 0,
      packGraceHours: random.pick([0, 0, 24]),
    },
  };
}
