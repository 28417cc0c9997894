/** What a seed decides once for its whole run: the kind of place, who works on it, how, and what they like to do. */
import type { Config } from '../../store-format/index.js';
import { SEGMENT_BYTES } from '../../store-format/index.js';
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
] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

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
  readonly weights: Readonly<Record<OperationKind, number>>;
  readonly config: Config;
}

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
    weights: {
      capture: 10,
      read: 1 + random.below(2),
      remove: 6,
      undelete: 1 + random.below(3),
      tag: 1,
      pin: random.pick([0.5, 2]),
      unpin: 2,
      gc: 7 + random.below(8),
      rebuild: 0.5,
    },
    config: configOf(random, listDelayMs),
  };
}

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
